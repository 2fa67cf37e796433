// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import "strings"

// partial leaves in an answer what the parameter fields names: a,b(c,d/e). Empty
// leaves all in.
// https://cloud.google.com/compute/docs/api/how-tos/performance#partial-response
func partial(answer object, fields string) (object, *Error) {
	if fields == "" {
		return answer, nil
	}
	m := mask{}
	if rest, ok := m.parseList(fields); !ok || rest != "" {
		return nil, invalid("Invalid field selection %s", fields)
	}
	return m.apply(answer).(object), nil
}

// mask holds what is left in, by name; an empty one leaves all in.
type mask map[string]mask

// parseList reads items with commas between them, and returns what follows.
func (m mask) parseList(text string) (rest string, ok bool) {
	for {
		if rest, ok = m.parseItem(text); !ok || !strings.HasPrefix(rest, ",") {
			return rest, ok
		}
		text = rest[1:]
	}
}

// parseItem reads a name, and what is left in below it: a/b or a(b,c).
func (m mask) parseItem(text string) (rest string, ok bool) {
	end := strings.IndexAny(text, ",/()")
	if end < 0 {
		end = len(text)
	}
	child := mask{}
	m[text[:end]] = child
	switch rest = text[end:]; {
	case end == 0:
		return "", false
	case strings.HasPrefix(rest, "/"):
		return child.parseItem(rest[1:])
	case strings.HasPrefix(rest, "("):
		if rest, ok = child.parseList(rest[1:]); !ok {
			return "", false
		}
		return strings.CutPrefix(rest, ")")
	}
	return rest, true
}

func (m mask) apply(value any) any {
	switch x := value.(type) {
	case object:
		if len(m) == 0 {
			return x
		}
		out := object{}
		for name, child := range m {
			if inner, ok := x[name]; ok {
				out[name] = child.apply(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = m.apply(item)
		}
		return out
	}
	return value
}
