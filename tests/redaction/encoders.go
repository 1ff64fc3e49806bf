// Writes each text of a JSON list on standard input in the ways in which Go programs write texts.
package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
)

func marshal(text string) string {
	written, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(written)
}

func encoder(text string) string {
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func lines(text string, width int) string {
	var out strings.Builder
	for len(text) > width {
		out.WriteString(text[:width] + "\n")
		text = text[width:]
	}
	return out.String() + text
}

var quotings = map[string]func(string) string{
	"json.Marshal":         marshal,
	"json, not for HTML":   encoder,
	"strconv.Quote":        strconv.Quote,
	"strconv.QuoteToASCII": strconv.QuoteToASCII,
	"%q":                   func(text string) string { return fmt.Sprintf("%q", text) },
}

var encodings = map[string]func(string) string{
	"json.Marshal":          marshal,
	"json, not for HTML":    encoder,
	"url.QueryEscape":       url.QueryEscape,
	"url.PathEscape":        url.PathEscape,
	"base64.StdEncoding":    func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) },
	"base64.RawURLEncoding": func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) },
	"hex.EncodeToString":    func(text string) string { return hex.EncodeToString([]byte(text)) },
	"%X":                    func(text string) string { return fmt.Sprintf("%X", text) },
	"base64 in lines of 64": func(text string) string {
		return lines(base64.StdEncoding.EncodeToString([]byte(text)), 64)
	},
}

func main() {
	var texts []string
	if err := json.NewDecoder(os.Stdin).Decode(&texts); err != nil {
		panic(err)
	}
	found := []map[string]string{}
	for _, text := range texts {
		spellings := map[string]string{
			"% x":                fmt.Sprintf("% x", text),
			"hex in lines of 60": lines(hex.EncodeToString([]byte(text)), 60),
		}
		for name, encode := range encodings {
			spellings[name] = encode(text)
		}
		for first, quote := range quotings {
			spellings[first] = quote(text)
			for second, encode := range encodings {
				spellings[second+" of "+first] = encode(quote(text))
			}
		}
		found = append(found, spellings)
	}
	if err := json.NewEncoder(os.Stdout).Encode(found); err != nil {
		panic(err)
	}
}
