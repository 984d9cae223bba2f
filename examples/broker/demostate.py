"""What the demo and the thief both know: the demo's folder, its channel, and who comes next."""

from pathlib import Path

import people
from channel import Channel, Refused, tls_context
from stack import PROJECT, Ports, Stack

PROGRAM = "build/plain/torimori"
NEWCOMER = 1
FIRST_VICTIM = 101  # the thief's victims are not the customer that the newcomer plays


def demo_stack(folder: Path | None, torimori: Path | None = None) -> Stack:
    """The stack of a folder, on the ports that it was started with."""
    stack = Stack(folder or PROJECT / ".demo", torimori or PROJECT / PROGRAM)
    if torimori is None and stack.recall("torimori"):
        stack.torimori = Path(stack.recall("torimori"))
    stack.ports = Ports(**stack.recall("ports", {}))
    return stack


def channel_of(stack: Stack) -> Channel:
    """The broker's back office at the channel listener."""
    context = tls_context(stack.path("ca.pem"), stack.path("channel.pem"),
                          stack.path("channel.key"))
    return Channel(stack.CHANNEL_NAME, ("127.0.0.1", stack.ports.channel), context)


def fill(stack: Stack, channel: Channel, customers: list[people.Customer]) -> int:
    """Tell Torimori about customers it does not know yet; how many were new."""
    known = stack.recall("customers", {})
    fresh = [customer for customer in customers if customer.ref not in known]
    try:
        for customer in fresh:
            known[customer.ref] = customer_id(channel, customer)
    finally:
        stack.remember(customers=known)
    return len(fresh)


def customer_id(channel: Channel, customer: people.Customer) -> str:
    """Torimori's own id of a customer, by which the log names him; empty if he was there before."""
    try:
        return channel.call("POST", "/v1/customers", people.as_record(customer))["customer_id"]
    except Refused as refused:
        if refused.code != "already_exists":
            raise
        return ""


def next_victim(stack: Stack) -> people.Customer:
    """Somebody who has not been robbed in this folder yet."""
    number = stack.recall("next_victim", FIRST_VICTIM)
    stack.remember(next_victim=number + 1)
    return people.person(number)
