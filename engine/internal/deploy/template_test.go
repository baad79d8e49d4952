// Package deploy_test checks what brings a function to its place: template.yaml
// and its bootstrap, the container, and the files of systemd and Kubernetes. It
// is here because the module of the SDK has no YAML.
package deploy_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/statefun-go/statefun-go/engine/module"
)

const root = "../../.."

func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// tree is a YAML document. A tag, such as !Ref, is not in it; what it stands on is.
type tree map[string]any

// get returns the value at a path, such as "Resources/Greeter/Type".
func (n tree) get(path string) any {
	value := any(map[string]any(n))
	for key := range strings.SplitSeq(path, "/") {
		switch node := value.(type) {
		case map[string]any:
			value = node[key]
		case []any:
			var i int
			if _, err := fmt.Sscan(key, &i); err != nil || i >= len(node) {
				return nil
			}
			value = node[i]
		default:
			return nil
		}
	}
	return value
}

// text returns the text at a path, and "" where there is none.
func (n tree) text(path string) string {
	s, _ := n.get(path).(string)
	return s
}

func template(t *testing.T) tree {
	t.Helper()
	var doc tree
	if err := yaml.Unmarshal([]byte(read(t, "template.yaml")), &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

// What decides whether a request arrives whole, and what linters do not see.
func TestTemplateFacts(t *testing.T) {
	t.Parallel()
	doc := template(t)
	const function, http, rest = "Resources/Greeter/Properties/", "Resources/Greeter/Properties/Events/Http/", "Resources/Greeter/Properties/Events/Rest/"
	for path, want := range map[string]any{
		"Resources/Greeter/Type":                 "AWS::Serverless::Function",
		"Resources/Greeter/Metadata/BuildMethod": "makefile",

		function + "Runtime":                               "provided.al2023",
		function + "Handler":                               "bootstrap",
		function + "Architectures":                         []any{"arm64"},
		function + "Environment/Variables/STATEFUN_SECRET": "Secret",
		function + "Environment/Variables/LOG_LEVEL":       "LogLevel",

		http + "Type":                            "HttpApi",
		http + "Properties/PayloadFormatVersion": "2.0",
		http + "Properties/Path":                 nil, // the default route: every method and path
		rest + "Type":                            "Api",
		rest + "Properties/Method":               "ANY",
		rest + "Properties/Path":                 "/{proxy+}",

		"Resources/RestApi/Properties/BinaryMediaTypes": []any{"*/*"},
		"Resources/Url/Properties/InvokeMode":           "BUFFERED",
		"Resources/Url/Condition":                       "HasUrl",

		"Parameters/Secret/NoEcho":                            true,
		"Parameters/Secret/Default":                           nil, // whoever deploys decides
		"Parameters/FunctionUrl/Default":                      "off",
		"Resources/GreeterLogs/Properties/RetentionInDays":    "LogRetentionDays",
		"Resources/FunctionForTheUrl/Properties/Action":       "lambda:InvokeFunction",
		"Resources/UrlForEveryone/Properties/Action":          "lambda:InvokeFunctionUrl",
		"Resources/UrlForEveryone/Condition":                  "UrlIsOpen",
		"Resources/FunctionForTheUrl/Condition":               "UrlIsOpen",
		"Rules/SecretOfTheUrl/Assertions/0/AssertDescription": "A Function URL that anybody may call needs a secret.",
	} {
		if got := doc.get(path); !reflect.DeepEqual(got, want) {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	for _, path := range []string{"Parameters/Timeout/Default", "Parameters/Timeout/MaxValue"} {
		if seconds, ok := doc.get(path).(uint64); !ok || seconds == 0 || seconds >= 29 {
			t.Errorf("%s is %v, want less than the 29 s of a REST API", path, doc.get(path))
		}
	}
}

// The pattern of the secret lets through what the adapter takes.
func TestTemplateSecretPattern(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(template(t).text("Parameters/Secret/AllowedPattern"))
	const good = "0123456789-._~aZ"
	for secret, want := range map[string]bool{
		"": true, good: true, good + "," + good: true,
		good[1:]: false, good + ",": false, good + "," + good[1:]: false, good + "/": false, good + " ": false, good + "+": false,
	} {
		if pattern.MatchString(secret) != want {
			t.Errorf("%q matches: %t", secret, !want)
		}
	}
}

// What the stack prints can be put into a module file.
func TestTemplateOutputs(t *testing.T) {
	t.Parallel()
	doc := template(t)
	aws := strings.NewReplacer("${HttpApi}", "abc", "${RestApi}", "abc", "${AWS::Region}", "eu-central-1", "${AWS::URLSuffix}", "amazonaws.com", "${Url.FunctionUrl}", "https://abc.lambda-url.eu-central-1.on.aws/")
	for name, want := range map[string]string{
		"HttpApiUrl":          "https://abc.execute-api.eu-central-1.amazonaws.com/{function.name}?key=SECRET",
		"RestApiUrl":          "https://abc.execute-api.eu-central-1.amazonaws.com/" + doc.text("Resources/RestApi/Properties/StageName") + "/{function.name}?key=SECRET",
		"FunctionUrlTemplate": "https://abc.lambda-url.eu-central-1.on.aws/{function.name}?key=SECRET",
	} {
		url := aws.Replace(doc.text("Outputs/" + name + "/Value"))
		if url != want {
			t.Errorf("%s: %q, want %q", name, url, want)
		}
		file := filepath.Join(t.TempDir(), "module.yaml")
		text := strings.ReplaceAll(read(t, "examples/greeter/module.yaml"), "http://127.0.0.1:8000/{function.name}", url)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := module.Load(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The page names all parameters, with their defaults.
func TestTemplateIsDocumented(t *testing.T) {
	t.Parallel()
	page := read(t, "docs/deploy-lambda.md")
	parameters, _ := template(t).get("Parameters").(map[string]any)
	if len(parameters) == 0 {
		t.Fatal("no parameters")
	}
	for name, parameter := range parameters {
		row := regexp.MustCompile("(?m)^\\| .*`" + name + "`.*$").FindString(page)
		value := tree(parameter.(map[string]any)).get("Default")
		if row == "" || value != nil && !strings.Contains(row, fmt.Sprint(value)) {
			t.Errorf("docs/deploy-lambda.md has no row of %s with its default %v", name, value)
		}
	}
}

// The parts of module files on the pages are what the engine reads.
func TestModulesOfPages(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml\n(kind: .*?)```")
	_, rest, _ := strings.Cut(read(t, "examples/greeter/module.yaml"), "\n---\n")
	for _, page := range []string{"docs/deploy-http.md", "docs/deploy-lambda.md", "docs/deploy-gcf.md"} {
		found := blocks.FindAllStringSubmatch(read(t, page), -1)
		if len(found) == 0 {
			t.Errorf("%s shows no module file", page)
		}
		for _, block := range found {
			file := filepath.Join(t.TempDir(), "module.yaml")
			if err := os.WriteFile(file, []byte(block[1]+"---\n"+rest), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := module.Load(file); err != nil {
				t.Errorf("%s: %v", page, err)
			}
		}
	}
}
