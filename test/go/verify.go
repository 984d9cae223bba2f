// verify checks a log with somebody else's code: Debian's golang.org/x/mod/sumdb, the packages behind Go's
// own checksum database. Nothing of the log's formats is implemented here but the checkpoint's three lines
// and the difference in file names (sumdb writes tile/8/0/000 where C2SP tlog-tiles writes tile/0/000).
//
//	verify log DIR                       checkpoint and the inclusion of every entry in it
//	verify consistency DIR CHECKPOINT... each older checkpoint is a beginning of the log
//	verify proof DIR PROOF ENTRY         a tlog-proof of one entry, with DIR/vkey
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder struct {
	dir  string
	tree tlog.Tree
}

func (f *folder) Height() int { return 8 }

func (f *folder) path(name string) string {
	return filepath.Join(f.dir, strings.Replace(name, "tile/8/", "tile/", 1))
}

func (f *folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		content, err := os.ReadFile(f.path(tile.Path()))
		if err != nil {
			return nil, err
		}
		data[i] = content
	}
	return data, nil
}

func (f *folder) SaveTiles(tiles []tlog.Tile, data [][]byte) {}

// checkpoint opens a signed note with the folder's key and reads its first three lines.
func checkpoint(dir string, signed []byte) (tlog.Tree, error) {
	var tree tlog.Tree
	vkey, err := os.ReadFile(filepath.Join(dir, "vkey"))
	if err != nil {
		return tree, err
	}
	verifier, err := note.NewVerifier(strings.TrimSpace(string(vkey)))
	if err != nil {
		return tree, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tree, errors.New("malformed checkpoint")
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

func open(dir string) (*folder, error) {
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil, err
	}
	tree, err := checkpoint(dir, signed)
	return &folder{dir, tree}, err
}

// entries reads one bundle: a length of 16 bits before each entry.
func (f *folder) entries(tile tlog.Tile) ([][]byte, error) {
	name := strings.Replace(tile.Path(), "tile/8/0/", "tile/entries/", 1)
	content, err := os.ReadFile(filepath.Join(f.dir, name))
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(content) > 0 {
		if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
			return nil, errors.New(name + ": cut short")
		}
		n := 2 + int(binary.BigEndian.Uint16(content))
		entries = append(entries, content[2:n])
		content = content[n:]
	}
	if len(entries) != tile.W {
		return nil, fmt.Errorf("%s: %d entries", name, len(entries))
	}
	return entries, nil
}

// included proves entry i: all of them by their hash against authenticated tiles, some by a proof too.
func (f *folder) included(reader tlog.HashReader, i int64, entry []byte) error {
	leaf := tlog.RecordHash(entry)
	hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, i)})
	if err != nil {
		return err
	}
	if hashes[0] != leaf {
		return fmt.Errorf("entry %d does not hash to its leaf", i)
	}
	if f.tree.N > 2000 && i%997 != 0 && i != f.tree.N-1 {
		return nil
	}
	proof, err := tlog.ProveRecord(f.tree.N, i, reader)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, f.tree.N, f.tree.Hash, i, leaf)
}

func checkLog(f *folder) error {
	if f.tree.N == 0 {
		return errors.New("empty")
	}
	// TileHashReader checks every tile it reads against the signed root.
	reader := tlog.TileHashReader(f.tree, f)
	for first := int64(0); first < f.tree.N; first += 256 {
		tile := tlog.Tile{H: 8, L: 0, N: first / 256, W: 256}
		if f.tree.N-first < 256 {
			tile.W = int(f.tree.N - first)
		}
		entries, err := f.entries(tile)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if err := f.included(reader, first+int64(i), entry); err != nil {
				return err
			}
		}
	}
	fmt.Printf("%d entries\n", f.tree.N)
	return nil
}

func checkConsistency(f *folder, names []string) error {
	reader := tlog.TileHashReader(f.tree, f)
	for _, name := range names {
		signed, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		older, err := checkpoint(f.dir, signed)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(f.tree.N, older.N, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, f.tree.N, f.tree.Hash, older.N, older.Hash); err != nil {
			return err
		}
		fmt.Printf("%d is a beginning of %d\n", older.N, f.tree.N)
	}
	return nil
}

// checkProof reads C2SP tlog-proof: two lines, hashes, an empty line, the checkpoint.
func checkProof(dir, proofName, entryName string) error {
	text, err := os.ReadFile(proofName)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryName)
	if err != nil {
		return err
	}
	parts := strings.SplitN(string(text), "\n\n", 2)
	lines := strings.Split(parts[0], "\n")
	if len(parts) != 2 || len(lines) < 2 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("malformed proof")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[2:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	tree, err := checkpoint(dir, []byte(parts[1]))
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

func run(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: verify log DIR | consistency DIR CHECKPOINT... | proof DIR PROOF ENTRY")
	}
	if args[0] == "proof" && len(args) == 4 {
		return checkProof(args[1], args[2], args[3])
	}
	f, err := open(args[1])
	if err != nil {
		return err
	}
	if args[0] == "consistency" {
		return checkConsistency(f, args[2:])
	}
	return checkLog(f)
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
}
