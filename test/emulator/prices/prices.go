// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

// Package prices lets a test set prices of an emulated cloud, the same way for all
// clouds.
package prices

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"sync"
)

const maxBodyBytes = 1 << 16

// Entry is what a request sets: the price of a K, in US dollars.
type Entry[K comparable] interface {
	// Priced returns both, or says what is wrong with them.
	Priced() (K, float64, error)
}

// Set are the prices that were set, over HTTP: POST takes an E as JSON, DELETE forgets
// all. The zero value is ready.
type Set[K comparable, E Entry[K]] struct {
	mu     sync.Mutex
	prices map[K]float64
}

// Get returns a price that was set.
func (s *Set[K, E]) Get(key K) (price float64, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	price, ok = s.prices[key]
	return price, ok
}

// Keys returns what has a price that was set, in no order.
func (s *Set[K, E]) Keys() []K {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.prices))
}

// ServeHTTP implements http.Handler.
func (s *Set[K, E]) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		s.add(w, r)
	case http.MethodDelete:
		s.mu.Lock()
		clear(s.prices)
		s.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "POST, DELETE")
		http.Error(w, "prices: POST or DELETE", http.StatusMethodNotAllowed)
	}
}

func (s *Set[K, E]) add(w http.ResponseWriter, r *http.Request) {
	var (
		entry E
		key   K
		price float64
	)
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	d.DisallowUnknownFields()
	err := d.Decode(&entry)
	if err == nil {
		key, price, err = entry.Priced()
	}
	if err != nil {
		http.Error(w, "price: "+err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.prices == nil {
		s.prices = map[K]float64{}
	}
	s.prices[key] = price
	w.WriteHeader(http.StatusCreated)
}
