// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"github.com/google/uuid"
)

// defaultPage is the size of a page when none is asked for, by action. moto does
// not page these.
var defaultPage = map[string]int{
	"DescribeInstanceTypes":         100,
	"DescribeInstanceTypeOfferings": 1000,
	"DescribeSpotPriceHistory":      1000,
}

// setName is the element around the items of an answer, by action.
var setName = map[string]string{
	"DescribeInstanceTypes":         "instanceTypeSet",
	"DescribeInstanceTypeOfferings": "instanceTypeOfferingSet",
	"DescribeSpotPriceHistory":      "spotPriceHistorySet",
}

// page cuts a page out of the items. query is all that was asked but the page: a
// token is good only for the query that it was given for.
func page[T any](items []T, size int, token, query string) (cut []T, next string, ok bool) {
	start := 0
	if token != "" {
		text, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil || len(text) <= len(query) || string(text[len(text)-len(query):]) != query {
			return nil, "", false
		}
		if start, err = strconv.Atoi(string(text[:len(text)-len(query)])); err != nil || start <= 0 || start >= len(items) {
			return nil, "", false
		}
	}
	end := min(start+size, len(items))
	if end < len(items) {
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end) + query))
	}
	return items[start:end], next, true
}

// withoutPage is the query of an EC2 request, less what asks for a page.
func withoutPage(params url.Values) url.Values {
	query := url.Values{}
	for key, values := range params {
		if key != "MaxResults" && key != "NextToken" {
			query[key] = values
		}
	}
	return query
}

// item of an answer, as XML.
type item struct {
	XML string `xml:",innerxml"`
}

// writeItems answers an EC2 request with the page it asks for.
func writeItems(req *request, items []item) (*response, *Error) {
	size := defaultPage[req.action]
	if n, err := strconv.Atoi(req.params.Get("MaxResults")); err == nil {
		size = n
	}
	cut, next, ok := page(items, size, req.params.Get("NextToken"), "?"+withoutPage(req.params).Encode())
	if !ok {
		return nil, &Error{"InvalidNextToken", "The token is not of this request"}
	}
	type set struct {
		XMLName xml.Name
		Items   []item `xml:"item"`
	}
	out, _ := xml.Marshal(struct { // this struct always marshals
		XMLName   xml.Name
		RequestID string `xml:"requestId"`
		Set       set
		NextToken string `xml:"nextToken,omitempty"`
	}{
		XMLName:   xml.Name{Space: "http://ec2.amazonaws.com/doc/2016-11-15/", Local: req.action + "Response"},
		RequestID: uuid.NewString(),
		Set:       set{xml.Name{Local: setName[req.action]}, cut},
		NextToken: next,
	})
	res := newResponse()
	res.header.Set("Content-Type", "text/xml;charset=UTF-8")
	res.body.WriteString(xml.Header)
	res.body.Write(out)
	return res, nil
}

// pager pages what moto answers in one piece. What it asked once for a caller it
// keeps: types and where they are offered do not change.
type pager struct {
	mu   sync.Mutex
	kept map[string][]item
}

// serve answers a request that moto answers without pages. The items are read from
// the whole answer.
func (p *pager) serve(req *request, whole func(url.Values) *response) (*response, *Error) {
	query := withoutPage(req.params)
	key := req.accessKeyID + "/" + req.region + "?" + query.Encode()
	p.mu.Lock()
	defer p.mu.Unlock()
	items, ok := p.kept[key]
	if !ok {
		answer := whole(query)
		if answer.status != http.StatusOK {
			return answer, nil
		}
		var err error
		if items, err = itemsOf(answer.body.Bytes(), setName[req.action]); err != nil {
			return nil, &Error{"InternalError", err.Error()}
		}
		p.kept[key] = items
	}
	return writeItems(req, items)
}

func itemsOf(body []byte, set string) ([]item, error) {
	var answer struct {
		Sets []struct {
			XMLName xml.Name
			Items   []item `xml:"item"`
		} `xml:",any"`
	}
	if err := xml.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("moto's answer: %w", err)
	}
	for _, s := range answer.Sets {
		if s.XMLName.Local == set {
			return s.Items, nil
		}
	}
	return nil, fmt.Errorf("moto's answer has no %s", set)
}
