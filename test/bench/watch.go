// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	// watchersPerConnection is how many watches share a connection: a controller
	// has about as many.
	watchersPerConnection = 50
	// maxEvent holds the event of an Edge.
	maxEvent = 64 << 10
)

// watchObjects measures how long an update takes from the moment it is sent until
// each of many watchers of the whole namespace has read its event.
func (b *bench) watchObjects(ctx context.Context) error {
	return b.interleave(func(t target, repetition int) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		writer, err := t.newClient(t.admin)
		if err != nil {
			return err
		}
		streams, err := b.openWatches(ctx, t, writer)
		if err != nil {
			return err
		}
		defer func() {
			for _, stream := range streams {
				stream.Close()
			}
		}()
		events := make(chan error, len(streams))
		arrived := make([]chan time.Time, len(streams))
		for i, stream := range streams {
			arrived[i] = make(chan time.Time, b.sizes.Updates)
			go func() { events <- readEvents(stream, arrived[i]) }()
		}
		var took []time.Duration
		for update := range b.sizes.Updates {
			body := encode(map[string]any{"metadata": map[string]any{"annotations": map[string]string{
				"example.com/update": fmt.Sprintf("%s-%d-%d", t.name, repetition, update),
			}}})
			sent := time.Now()
			if err := writer.patch(ctx, body, edgeName(update%b.sizes.Objects), ""); err != nil {
				return err
			}
			for i := range arrived {
				select {
				case at := <-arrived[i]:
					took = append(took, at.Sub(sent))
				case err := <-events:
					return fmt.Errorf("a watch ended: %w", err)
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		what := fmt.Sprintf("event at %d watchers", len(streams))
		b.result.add(what+", p50", milliseconds, t.name, percentile(took, 50))
		b.result.add(what+", p99", milliseconds, t.name, percentile(took, 99))
		return nil
	})
}

// openWatches opens the watches from the present state on.
func (b *bench) openWatches(ctx context.Context, t target, c *client) ([]io.ReadCloser, error) {
	page, err := raw(c.Get().AbsPath(c.edges).Param("limit", "1").Do(ctx))
	if err != nil {
		return nil, err
	}
	var list metav1.PartialObjectMetadataList
	if err := json.Unmarshal(page, &list); err != nil {
		return nil, err
	}
	streams := make([]io.ReadCloser, b.sizes.Watchers)
	var group errgroup.Group
	for from := 0; from < len(streams); from += watchersPerConnection {
		connection, err := t.newClient(t.admin)
		if err != nil {
			return nil, err
		}
		group.Go(func() error {
			for i := from; i < min(from+watchersPerConnection, len(streams)); i++ {
				var err error
				streams[i], err = connection.Get().AbsPath(connection.edges).Param("watch", strconv.FormatBool(true)).
					Param("resourceVersion", list.ResourceVersion).Stream(ctx)
				if err != nil {
					return fmt.Errorf("watch: %w", err)
				}
			}
			return nil
		})
	}
	return streams, group.Wait()
}

// readEvents tells when each event, a line, has arrived, until the stream ends.
func readEvents(stream io.Reader, arrived chan<- time.Time) error {
	lines := bufio.NewReaderSize(stream, maxEvent)
	for {
		if _, err := lines.ReadSlice('\n'); err != nil {
			return err
		}
		arrived <- time.Now()
	}
}
