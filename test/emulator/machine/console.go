// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"fmt"
	"log"
	"net/http"
	"strings"
	"sync"

	"k8s.io/utils/clock"
)

// console is the console log of one machine. It never holds user data, which has
// the bootstrap token in it.
type console struct {
	id    string
	clock clock.PassiveClock

	mu    sync.Mutex
	lines []string
}

// maxLines bounds a console; the oldest lines go first.
const maxLines = 500

func (c *console) printf(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	log.Printf("%s: %s", c.id, line)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lines = append(c.lines, c.clock.Now().UTC().Format("2006-01-02T15:04:05.000Z ")+line)
	c.lines = c.lines[max(0, len(c.lines)-maxLines):]
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.Join(c.lines, "\n") + "\n"
}

// Handler serves GET /healthz and GET /console/<instance ID> for fleets of different
// clouds, whose IDs differ.
func Handler(fleets ...*Fleet) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		for _, f := range fleets {
			if err := f.health(); err != nil {
				http.Error(w, f.Name+": "+err.Error(), http.StatusServiceUnavailable)
				return
			}
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /console/{id}", func(w http.ResponseWriter, r *http.Request) {
		for _, f := range fleets {
			if c := f.consoleOf(r.PathValue("id")); c != nil {
				w.Header().Set("Content-Type", "text/plain; charset=utf-8")
				fmt.Fprint(w, c)
				return
			}
		}
		http.NotFound(w, r)
	})
	return mux
}
