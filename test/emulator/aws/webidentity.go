// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

// stsAudience is the audience AWS wants in a web identity token.
const stsAudience = "sts.amazonaws.com"

// checkWebIdentity checks the token of AssumeRoleWithWebIdentity, which is unsigned
// as in AWS, against the role's trust policy. The signature of the token is not
// verified: AWS would read the issuer's keys over the internet.
// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
func (e *Emulator) checkWebIdentity(ctx context.Context, req *request) *Error {
	claims := jwt.RegisteredClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(req.params.Get("WebIdentityToken"), &claims); err != nil {
		return &Error{"InvalidIdentityToken", "WebIdentityToken is not a JWT: " + err.Error()}
	}
	if !slices.Contains(claims.Audience, stsAudience) {
		return &Error{"InvalidIdentityToken", "Incorrect token audience: " + strings.Join(claims.Audience, ", ") + " without " + stsAudience}
	}
	if claims.ExpiresAt != nil && !e.clock.Now().Before(claims.ExpiresAt.Time) {
		return &Error{"ExpiredTokenException", "Token expired: current date/time must be before the expiration date/time"}
	}
	var out struct {
		Policy string `xml:"GetRoleResult>Role>AssumeRolePolicyDocument"`
	}
	role := req.params.Get("RoleArn")
	err := e.upstream.iam(ctx, url.Values{"Action": {"GetRole"}, "RoleName": {role[strings.LastIndex(role, "/")+1:]}}, &out)
	if err != nil || !trusts(out.Policy, claims) {
		return &Error{"AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	}
	return nil
}

// trustPolicy is what a role for web identities says.
type trustPolicy struct {
	Statement []struct {
		Effect    string
		Action    oneOrMany
		Principal struct{ Federated string }
		Condition struct{ StringEquals map[string]string }
	}
}

// oneOrMany is a string or a list of strings, which mean the same in a policy.
type oneOrMany []string

// UnmarshalJSON implements json.Unmarshaler.
func (m *oneOrMany) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*m = oneOrMany{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(m))
}

// trusts tells whether a URL-encoded trust policy lets the token in: the provider
// is the token's issuer, and every condition holds. Only StringEquals on the
// token's :aud and :sub is understood; anything else is not trusted.
func trusts(encoded string, claims jwt.RegisteredClaims) bool {
	document, err := url.PathUnescape(encoded)
	if err != nil {
		return false
	}
	var policy trustPolicy
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return false
	}
	issuer := strings.TrimPrefix(claims.Issuer, "https://")
	for _, s := range policy.Statement {
		if s.Effect != "Allow" || !slices.Contains(s.Action, "sts:AssumeRoleWithWebIdentity") || issuer == "" ||
			!strings.HasSuffix(s.Principal.Federated, ":oidc-provider/"+issuer) {
			continue
		}
		if conditionsHold(s.Condition.StringEquals, issuer, claims) {
			return true
		}
	}
	return false
}

func conditionsHold(equals map[string]string, issuer string, claims jwt.RegisteredClaims) bool {
	for key, want := range equals {
		switch key {
		case issuer + ":sub":
			if claims.Subject != want {
				return false
			}
		case issuer + ":aud":
			if !slices.Contains(claims.Audience, want) {
				return false
			}
		default:
			return false
		}
	}
	return len(equals) > 0
}
