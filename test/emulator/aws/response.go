// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"maps"
	"net/http"

	"github.com/google/uuid"
)

// Error is an error of AWS: a code that programs read, a message for people.
type Error struct {
	Code    string
	Message string
}

// statusByCode holds the codes that are not 400:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
// (client errors 4xx; the server errors of that page are 5xx).
var statusByCode = map[string]int{
	"AccessDenied":                 http.StatusForbidden,
	"AuthFailure":                  http.StatusUnauthorized,
	"InsufficientAddressCapacity":  http.StatusInternalServerError,
	"InsufficientCapacity":         http.StatusInternalServerError,
	"InsufficientHostCapacity":     http.StatusInternalServerError,
	"InsufficientInstanceCapacity": http.StatusInternalServerError,
	"InternalError":                http.StatusInternalServerError,
	"InternalFailure":              http.StatusInternalServerError,
	"MissingAuthenticationToken":   http.StatusForbidden,
	"RequestEntityTooLarge":        http.StatusRequestEntityTooLarge,
	"RequestLimitExceeded":         http.StatusServiceUnavailable,
	"ServiceUnavailable":           http.StatusServiceUnavailable,
	"SignatureDoesNotMatch":        http.StatusForbidden,
	"InternalErrorException":       http.StatusInternalServerError,
	"Unavailable":                  http.StatusServiceUnavailable,
	"UnauthorizedOperation":        http.StatusForbidden,
}

func (e *Error) status() int {
	if s, ok := statusByCode[e.Code]; ok {
		return s
	}
	return http.StatusBadRequest
}

// xmlError is the body of an error, inside what differs by protocol.
type xmlError struct {
	Type    string `xml:",omitempty"`
	Code    string
	Message string
}

// writeError answers with err in the shape of the request's protocol: EC2's XML,
// the query protocol's XML or JSON.
func writeError(w http.ResponseWriter, req *request, err *Error) {
	if req.service == serviceSSM || req.service == servicePricing {
		w.Header().Set("X-Amzn-ErrorType", err.Code)
		writeJSON(w, err.status(), map[string]string{"__type": err.Code, "message": err.Message})
		return
	}
	var body any
	if req.service == serviceEC2 {
		body = struct {
			XMLName   xml.Name   `xml:"Response"`
			Errors    []xmlError `xml:"Errors>Error"`
			RequestID string
		}{Errors: []xmlError{{Code: err.Code, Message: err.Message}}, RequestID: uuid.NewString()}
	} else {
		body = struct {
			XMLName   xml.Name `xml:"ErrorResponse"`
			Error     xmlError
			RequestID string `xml:"RequestId"`
		}{Error: xmlError{Type: "Sender", Code: err.Code, Message: err.Message}, RequestID: uuid.NewString()}
	}
	out, _ := xml.Marshal(body) // these structs always marshal
	w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
	w.WriteHeader(err.status())
	w.Write(append([]byte(xml.Header), out...))
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	out, _ := json.Marshal(body) // callers pass maps and structs of strings and numbers
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	w.Write(out)
}

// response is an answer held in memory, so that it can be given again.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func newResponse() *response {
	return &response{status: http.StatusOK, header: http.Header{}}
}

// A response is an http.ResponseWriter.
func (r *response) Header() http.Header         { return r.header }
func (r *response) WriteHeader(status int)      { r.status = status }
func (r *response) Write(b []byte) (int, error) { return r.body.Write(b) }

func (r *response) ok() bool { return r.status < 300 }

func (r *response) writeTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.WriteHeader(r.status)
	w.Write(r.body.Bytes())
}
