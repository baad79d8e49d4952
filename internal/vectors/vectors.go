// Package vectors gives tests the recorded bytes: what real runtimes sent and
// did, and what the official SDKs of four languages answered. Nothing in it
// was made by this project's own code; data/README.md says where each folder
// comes from. Only tests import it.
package vectors

import (
	"embed"
	"encoding/json"
	"fmt"
	"path"
)

//go:embed data
var files embed.FS

// Folders, each with one file a scenario.
const (
	Flink33  = "flink-3.3.0"      // runtime traffic, protocol version 3
	Flink22  = "flink-2.2.2"      // runtime traffic, version 2
	Flink21  = "flink-2.1.0"      // runtime traffic, version 2
	GoOnV2   = "go-sdk-3.3.0"     // the official Go SDK's answers to version 2
	Python22 = "python-sdk-2.2.2" // the official Python SDK, version 2
	SDKGo    = "sdk-go-3.3.0"     // the official SDKs' answers to the same requests
	SDKJS    = "sdk-js-3.3.0"     //
	SDKJava  = "sdk-java-3.3.0"   //
	SDKPy    = "sdk-python-3.3.0" //
)

// Folders lists all folders.
var Folders = []string{Flink33, Flink22, Flink21, GoOnV2, Python22, SDKGo, SDKJS, SDKJava, SDKPy}

// Scenario is one file.
type Scenario struct {
	Folder     string          `json:"-"`
	Name       string          `json:"scenario"`
	Source     string          `json:"source"`
	Protocol   string          `json:"protocol"` // v3 or v2
	About      string          `json:"about"`
	Endpoint   string          `json:"endpoint"`
	Input      []string        `json:"input"`
	ModuleYAML string          `json:"module_yaml"`
	Exchanges  []Exchange      `json:"exchanges"`
	Egress     json.RawMessage `json:"egress"`
	Outcome    json.RawMessage `json:"outcome"` // text, an object or a list
}

// Exchange is one request and its answer.
type Exchange struct {
	Name     string   `json:"name"` // in the sdk-* folders, unique in its file
	Request  Request  `json:"request"`
	Response Response `json:"response"`
	Variants [][]byte `json:"variants"` // bodies of other answers seen to the same request
	Note     string   `json:"note"`
}

// Request is what the runtime sent.
type Request struct {
	Method  string            `json:"method"`
	Path    string            `json:"path"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Text    string            `json:"text"`
}

// Response is what the function answered. Status 0 means that the connection
// was closed without an answer, or that the SDK has no HTTP layer.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    []byte            `json:"body"`
	Text    string            `json:"text"`
	Error   string            `json:"error"` // the SDK refused the request
}

// Agreement says which SDKs gave semantically equal answers in a case.
type Agreement struct {
	Case    string     `json:"case"` // scenario/name
	Answers [][]string `json:"answers"`
	Errors  []string   `json:"errors"`
}

// Load returns the scenarios of a folder, in the order of their file names.
func Load(folder string) ([]Scenario, error) {
	entries, err := files.ReadDir(path.Join("data", folder))
	if err != nil {
		return nil, fmt.Errorf("vectors: %w", err)
	}
	scenarios := make([]Scenario, 0, len(entries))
	for _, e := range entries {
		s := Scenario{Folder: folder}
		if err := read(path.Join(folder, e.Name()), &s); err != nil {
			return nil, err
		}
		scenarios = append(scenarios, s)
	}
	return scenarios, nil
}

// Agreements returns the table of agreement between the sdk-* folders.
func Agreements() (list []Agreement, err error) {
	return list, read("sdk-agreement.json", &list)
}

func read(name string, v any) error {
	data, err := files.ReadFile(path.Join("data", name))
	if err != nil {
		return fmt.Errorf("vectors: %w", err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("vectors: %s: %w", name, err)
	}
	return nil
}
