// SPDX-FileCopyrightText: The OMNI authors
// SPDX-License-Identifier: Apache-2.0

package gcp

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// tokenPrefix begins every access token issued here.
	tokenPrefix = "ya29.emulated."
	// tokenLifetime is that of Google's access tokens.
	tokenLifetime = time.Hour
	// serviceAccountSuffix ends the e-mail address of every service account.
	serviceAccountSuffix = ".iam.gserviceaccount.com"
)

// issued is an access token.
type issued struct {
	principal string
	expires   time.Time
}

func (e *Emulator) issue(principal string) (token string, expires time.Time) {
	token, expires = tokenPrefix+rand.Text(), e.Clock.Now().Add(tokenLifetime)
	e.tokens[token] = issued{principal, expires}
	return token, expires
}

// exchangeToken is the Security Token Service: it gives a federated token for the
// token of an OIDC issuer that a workload identity pool trusts. The signature is
// not verified: Google would read the issuer's keys over the internet.
// https://cloud.google.com/iam/docs/reference/sts/rest/v1/TopLevel/token
func (e *Emulator) exchangeToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	in := readExchange(r)
	if in.GrantType != "urn:ietf:params:oauth:grant-type:token-exchange" ||
		in.SubjectTokenType != "urn:ietf:params:oauth:token-type:jwt" || in.Scope == "" {
		writeOAuthError(w, "invalid_request", "The grant type is not a token exchange of a JWT with a scope.")
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.purge()
	principal, err := e.federate(in.Audience, in.SubjectToken)
	if err != nil {
		writeOAuthError(w, "invalid_grant", err.Error())
		return
	}
	token, _ := e.issue(principal)
	writeJSON(w, http.StatusOK, object{
		"access_token": token, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
		"token_type": "Bearer", "expires_in": int(tokenLifetime.Seconds()),
	})
}

// exchange is the request of a token exchange.
type exchange struct {
	GrantType          string `json:"grantType"`
	RequestedTokenType string `json:"requestedTokenType"`
	Audience           string `json:"audience"`
	Scope              string `json:"scope"`
	SubjectToken       string `json:"subjectToken"`
	SubjectTokenType   string `json:"subjectTokenType"`
}

// readExchange reads a request, which is JSON by Google's document and a form by
// RFC 8693. One that cannot be read is empty, and so refused.
func readExchange(r *http.Request) exchange {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		in := exchange{}
		d := json.NewDecoder(r.Body)
		d.DisallowUnknownFields()
		if d.Decode(&in) != nil {
			return exchange{}
		}
		return in
	}
	return exchange{
		r.PostFormValue("grant_type"), r.PostFormValue("requested_token_type"), r.PostFormValue("audience"),
		r.PostFormValue("scope"), r.PostFormValue("subject_token"), r.PostFormValue("subject_token_type"),
	}
}

// federate checks a token against the provider that audience names and returns the
// principal it stands for.
func (e *Emulator) federate(audience, subjectToken string) (string, error) {
	name, ok := strings.CutPrefix(audience, "//iam.googleapis.com/")
	pool, _, _ := strings.Cut(name, "/providers/")
	provider := e.objects[e.normalize(name)]
	if !ok || provider == nil || isDeleted(provider) || isDeleted(e.objects[e.normalize(pool)]) {
		return "", fmt.Errorf("The target service indicated by the \"audience\" parameters is invalid: %s", audience) //nolint:staticcheck // Google's words
	}
	claims := jwt.RegisteredClaims{}
	if _, _, err := jwt.NewParser().ParseUnverified(subjectToken, &claims); err != nil {
		return "", errors.New("The subject token is not a JWT.") //nolint:staticcheck // Google's words
	}
	oidc, _ := provider["oidc"].(object)
	if claims.Issuer != text(oidc["issuerUri"]) {
		return "", fmt.Errorf("The issuer in ID Token %s does not match the expected ones: %s.", claims.Issuer, oidc["issuerUri"]) //nolint:staticcheck // Google's words
	}
	allowed, _ := oidc["allowedAudiences"].([]any)
	if len(allowed) == 0 {
		allowed = []any{"https:" + audience}
	}
	if !slices.ContainsFunc(claims.Audience, func(a string) bool { return slices.Contains(allowed, any(a)) }) {
		return "", fmt.Errorf("The audience in ID Token %v does not match the expected audience.", claims.Audience) //nolint:staticcheck // Google's words
	}
	if claims.ExpiresAt == nil || !e.Clock.Now().Before(claims.ExpiresAt.Time) {
		return "", errors.New("ID Token is stale to sign-in.") //nolint:staticcheck // Google's words
	}
	if subject, err := subjectOf(provider); err != nil || subject != "" && subject != claims.Subject {
		return "", errors.New("The given credential is rejected by the attribute condition.") //nolint:staticcheck // Google's words
	}
	if err := e.checkEnabled("sts", ""); err != nil {
		return "", errors.New(err.Message)
	}
	return "principal://iam.googleapis.com/" + pool + "/subject/" + claims.Subject, nil
}

// generateAccessToken lets a caller impersonate a service account whose own policy
// allows it.
func (e *Emulator) generateAccessToken(c *call, path string) (object, *Error) {
	email := base(path)
	roles := e.rolesOf("policy/"+path, c.caller)
	if e.objects[path] == nil || !slices.ContainsFunc(roles, func(role string) bool {
		return role == "roles/iam.workloadIdentityUser" || role == "roles/iam.serviceAccountTokenCreator"
	}) {
		return nil, newError("forbidden", "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist).")
	}
	token, expires := e.issue(email)
	return object{"accessToken": token, "expireTime": expires.UTC().Format(time.RFC3339)}, nil
}

// createKey makes a key of a service account. The private half is in the answer
// only.
func (e *Emulator) createKey(email string) (keyFile object, id string, err error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, "", err
	}
	id = strings.ToLower(rand.Text())
	e.objects["keys/"+email+"/"+id] = object{"public": &private.PublicKey}
	return object{
		"type": "service_account", "project_id": e.Project, "private_key_id": id, "client_email": email, "client_id": e.newID(),
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": e.BaseURL + "/token",
	}, id, nil
}

// leeway is how far the clock of a caller may be off. Google does not say.
const leeway = 5 * time.Minute

// whyInvalid is what Google says of an assertion that it does not take.
func whyInvalid(err error) string {
	if errors.Is(err, jwt.ErrTokenExpired) || errors.Is(err, jwt.ErrTokenUsedBeforeIssued) || errors.Is(err, jwt.ErrTokenNotValidYet) {
		return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values in the JWT claim."
	}
	return "Invalid JWT Signature."
}

// keyToken is the OAuth 2.0 endpoint for keys of service accounts: it verifies the
// signature of the assertion.
// https://developers.google.com/identity/protocols/oauth2/service-account#httprest
func (e *Emulator) keyToken(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	if r.PostFormValue("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
		writeOAuthError(w, "unsupported_grant_type", "Invalid grant_type")
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	claims := jwt.RegisteredClaims{}
	_, err := jwt.NewParser(jwt.WithValidMethods([]string{"RS256"}), jwt.WithTimeFunc(e.Clock.Now), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithAudience(e.BaseURL+"/token")).
		ParseWithClaims(r.PostFormValue("assertion"), &claims, func(t *jwt.Token) (any, error) {
			id, _ := t.Header["kid"].(string)
			key := e.objects["keys/"+claims.Issuer+"/"+id]
			if key == nil {
				return nil, errors.New("unknown key")
			}
			return key["public"], nil
		})
	if err != nil {
		writeOAuthError(w, "invalid_grant", whyInvalid(err))
		return
	}
	token, _ := e.issue(claims.Issuer)
	writeJSON(w, http.StatusOK, object{"access_token": token, "token_type": "Bearer", "expires_in": int(tokenLifetime.Seconds())})
}
