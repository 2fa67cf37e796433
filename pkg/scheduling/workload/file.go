// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package workload

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// CatalogFile is the name of the catalog in a directory of data; those of workloads are
// workload-<name>.json. Either may be compressed: .json.gz.
const CatalogFile = "catalog-omni-v1.json"

// ReadDirectory reads the catalog of a directory and the workloads with these names.
func ReadDirectory(directory string, names ...string) (*Catalog, []*Workload, error) {
	var catalog *Catalog
	err := open(filepath.Join(directory, CatalogFile), func(r io.Reader) (err error) {
		catalog, err = ReadCatalog(r)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	var workloads []*Workload
	for _, name := range names {
		err := open(filepath.Join(directory, "workload-"+name+".json"), func(r io.Reader) error {
			w, err := Read(r)
			workloads = append(workloads, w)
			return err
		})
		if err != nil {
			return nil, nil, err
		}
	}
	return catalog, workloads, nil
}

// open hands a file, or the compressed one beside it, to read.
func open(path string, read func(io.Reader) error) error {
	file, err := os.Open(path)
	compressed := os.IsNotExist(err)
	if compressed {
		file, err = os.Open(path + ".gz")
	}
	if err != nil {
		return err
	}
	defer file.Close()
	var r io.Reader = file
	if compressed {
		if r, err = gzip.NewReader(file); err != nil {
			return fmt.Errorf("%s.gz: %w", path, err)
		}
	}
	if err := read(r); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
