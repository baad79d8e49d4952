package flink

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"path"
	"time"
)

// rest is Flink's own interface for those who operate it; the value is its URL.
type rest string

// overview is what Flink says of a job.
type overview struct {
	ID       string `json:"jid"`
	State    string
	Modified int64 `json:"last-modification"` // in ms since 1970
	Tasks    struct{ Total, Running int }
}

var errNotRunning = errors.New("not all tasks run")

// running asks whether all tasks run, and whether anything has changed since a
// time: those of a task manager that is gone are said to run until Flink notices.
func (r rest) running(ctx context.Context, since time.Time) error {
	job, err := r.job(ctx)
	if err != nil {
		return err
	}
	if job.Tasks.Total == 0 || job.Tasks.Running < job.Tasks.Total || job.Modified < since.UnixMilli() {
		return errNotRunning
	}
	return nil
}

// job returns the one job that has not ended.
func (r rest) job(ctx context.Context) (overview, error) {
	var all struct{ Jobs []overview }
	if err := r.get(ctx, "/jobs/overview", &all); err != nil {
		return overview{}, err
	}
	for _, job := range all.Jobs {
		switch job.State {
		case "FINISHED", "CANCELED", "FAILED":
		default:
			return job, nil
		}
	}
	return overview{}, errNotRunning
}

// workers asks whether n task managers have registered.
func (r rest) workers(ctx context.Context, n int) error {
	var now struct{ TaskManagers int }
	if err := r.get(ctx, "/overview", &now); err != nil {
		return err
	}
	if now.TaskManagers != n {
		return fmt.Errorf("%d task managers have registered, not %d", now.TaskManagers, n)
	}
	return nil
}

// submit runs the main class of a jar; from a savepoint or a checkpoint, if one
// is given.
func (r rest) submit(ctx context.Context, jar []byte, parallelism int, from string) error {
	name, err := r.upload(ctx, jar)
	if err != nil {
		return err
	}
	settings := map[string]any{"parallelism": parallelism}
	if from != "" {
		settings["savepointPath"] = "file://" + from
	}
	return r.post(ctx, "/jars/"+name+"/run", settings, nil)
}

// upload gives Flink a jar and returns the name that it has there.
func (r rest) upload(ctx context.Context, jar []byte) (string, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("jarfile", "application.jar")
	if err != nil {
		return "", err
	}
	_, err = part.Write(jar)
	if err = errors.Join(err, form.Close()); err != nil {
		return "", err
	}
	var said struct{ Filename string }
	err = r.do(ctx, http.MethodPost, "/jars/upload", form.FormDataContentType(), &body, &said)
	return path.Base(said.Filename), err
}

// cancel asks for a savepoint, and for the end of the job as soon as it is
// complete. It returns the path of the request, for outcome.
func (r rest) cancel(ctx context.Context) (string, error) {
	return r.savepoint(ctx, "savepoints", map[string]any{"cancel-job": true})
}

// stop asks for a savepoint that is the orderly end of all sources. It returns
// the path of the request, for outcome.
func (r rest) stop(ctx context.Context) (string, error) {
	return r.savepoint(ctx, "stop", map[string]any{"drain": false})
}

func (r rest) savepoint(ctx context.Context, kind string, settings map[string]any) (string, error) {
	job, err := r.job(ctx)
	if err != nil {
		return "", err
	}
	var said struct {
		ID string `json:"request-id"`
	}
	err = r.post(ctx, "/jobs/"+job.ID+"/"+kind, settings, &said)
	return "/jobs/" + job.ID + "/savepoints/" + said.ID, err
}

var errPending = errors.New("the savepoint is not complete")

// outcome returns why there is no savepoint, if there is none. The error is that
// of the question.
func (r rest) outcome(ctx context.Context, request string) (failure, err error) {
	var said struct {
		Status    struct{ ID string }
		Operation struct {
			Failure struct {
				Trace string `json:"stack-trace"`
			} `json:"failure-cause"`
		}
	}
	if err := r.get(ctx, request, &said); err != nil {
		return nil, err
	}
	switch {
	case said.Status.ID != "COMPLETED": // which a failure is, too
		return nil, errPending
	case said.Operation.Failure.Trace != "":
		return fmt.Errorf("no savepoint: %s", said.Operation.Failure.Trace), nil
	}
	return nil, nil
}

func (r rest) get(ctx context.Context, at string, to any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // soon asked again
	defer cancel()
	return r.do(ctx, http.MethodGet, at, "", nil, to)
}

func (r rest) post(ctx context.Context, at string, body, to any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return r.do(ctx, http.MethodPost, at, "application/json", bytes.NewReader(text), to)
}

func (r rest) do(ctx context.Context, method, at, contentType string, body io.Reader, to any) error {
	req, err := http.NewRequestWithContext(ctx, method, string(r)+at, body)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, at, resp.Status, text)
	}
	if to == nil {
		return nil
	}
	return json.Unmarshal(text, to)
}
