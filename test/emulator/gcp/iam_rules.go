// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import "strings"

// Limits of texts in IAM, in characters:
// https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools
const (
	maxPoolDisplayName = 32
	maxTitle           = 100
	maxDescription     = 256
)

func checkAccount(id string, o object) *Error {
	if !matches(`[a-z]([-a-z0-9]{4,28}[a-z0-9])`, id) {
		return invalid("The account ID \"%s\" does not have a length between 6 and 30 or is malformed.", id)
	}
	return checkTexts(o, maxTitle)
}

func checkRole(id string, o object) *Error {
	if !matches(`[a-zA-Z0-9_.]{3,64}`, id) {
		return invalid("The role ID \"%s\" is malformed.", id)
	}
	if len(text(o["title"])) > maxTitle {
		return invalid("The title has more than %d characters.", maxTitle)
	}
	permissions, _ := o["includedPermissions"].([]any)
	for _, permission := range permissions {
		if !matches(`[a-z]+\.[a-zA-Z]+\.[a-zA-Z]+`, text(permission)) {
			return invalid("Permission %s is not valid.", permission)
		}
	}
	return checkTexts(o, maxTitle)
}

func checkPool(id string, o object) *Error {
	if !matches(`[a-z][a-z0-9-]{2,30}[a-z0-9]`, id) || strings.HasPrefix(id, "gcp-") {
		return invalid("The ID \"%s\" is malformed: 4 to 32 of [a-z0-9-]; the prefix gcp- is Google's.", id)
	}
	return checkTexts(o, maxPoolDisplayName)
}

// checkProvider wants an OIDC provider whose subject is the token's, and a
// condition that the emulator can evaluate.
func checkProvider(id string, o object) *Error {
	oidc, _ := o["oidc"].(object)
	mapping, _ := o["attributeMapping"].(object)
	switch {
	case !strings.HasPrefix(text(oidc["issuerUri"]), "https://"):
		return invalid("The issuer URI %q is not an HTTPS URL.", text(oidc["issuerUri"]))
	case text(mapping["google.subject"]) != "assertion.sub":
		return invalid("The attribute mapping must contain google.subject; this emulator knows assertion.sub only.")
	}
	if _, err := subjectOf(o); err != nil {
		return err
	}
	return checkPool(id, o)
}

// subjectOf returns the one subject that the attribute condition lets in, or
// nothing if there is no condition. Of Google's language (CEL) it reads one form.
// https://cloud.google.com/iam/docs/workload-identity-federation#conditions
func subjectOf(provider object) (string, *Error) {
	condition := text(provider["attributeCondition"])
	if condition == "" {
		return "", nil
	}
	subject, ok := strings.CutPrefix(condition, "assertion.sub == '")
	subject, ends := strings.CutSuffix(subject, "'")
	if !ok || !ends || strings.ContainsAny(subject, `'\\`) {
		return "", invalid("The attribute condition %s is not valid: this emulator knows assertion.sub == '...' only.", condition)
	}
	return subject, nil
}

func checkTexts(o object, displayName int) *Error {
	for field, limit := range map[string]int{"displayName": displayName, "description": maxDescription} {
		if value := text(o[field]); len(value) > limit {
			return invalid("The %s has more than %d characters.", field, limit)
		}
	}
	return nil
}
