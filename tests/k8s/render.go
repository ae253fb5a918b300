// render.go CHART < values.json: prints a Helm chart's objects. It has Helm's template engine, which is Go's, and those of Helm's functions
// that k8s/chart.py uses: Helm itself takes minutes to build, and comes from no package registry.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

func toJson(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

func quote(value any) string {
	text, _ := json.Marshal(fmt.Sprint(value))
	return string(text)
}

func nindent(spaces int, text string) string {
	pad := "\n" + strings.Repeat(" ", spaces)
	return pad + strings.ReplaceAll(text, "\n", pad)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	var values any
	check(json.NewDecoder(os.Stdin).Decode(&values))
	functions := template.FuncMap{
		"toJson": toJson, "toYaml": toJson, // JSON is YAML
		"quote": quote, "nindent": nindent,
		"sha256sum": func(text string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(text))) },
	}
	files, err := filepath.Glob(filepath.Join(os.Args[1], "templates", "*.yaml"))
	check(err)
	release := map[string]any{"Name": "millrace", "Namespace": "millrace", "Revision": 1, "Service": "Helm"}
	for _, file := range files {
		parsed, err := template.New(filepath.Base(file)).Funcs(functions).Option("missingkey=error").ParseFiles(file)
		check(err)
		var out bytes.Buffer
		check(parsed.Execute(&out, map[string]any{"Values": values, "Release": release}))
		fmt.Printf("---\n%s\n", out.String())
	}
}
