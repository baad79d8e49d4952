package engine

import (
	"log/slog"
	"strconv"
	"strings"
	"time"
)

const (
	// reportPause is the shortest time between two reports about one function
	// type.
	reportPause = time.Second
	// knownTexts is how many errors of a function type are remembered.
	knownTexts = 16
	// lateAttempt is the first attempt whose report says what people can do.
	lateAttempt = 8
)

// lateHint is for a message that may never succeed.
const lateHint = "it waits until the function accepts it: start, add or correct the function or module.yaml, or give it a dead-letter policy; " +
	"the only other way out is a new data directory, without any state"

// reports is what has been logged about the calls of a function type.
type reports struct {
	last     time.Time       // when a failure was reported last
	texts    map[string]bool // errors of late; true for one whose report is due, but would have come too early
	others   int             // failures since the last report
	failing  int             // instances whose last call failed
	failures int             // failures since no instance was failing
	told     bool            // there is a report about one of those
}

// failed takes note of a failure and returns whether it is to be reported: the
// first ones of a batch and then ever fewer, and an error that is new. Reports
// that come too early are held back until that error comes again.
func (r *reports) failed(attempt int, text string, now time.Time) bool {
	if attempt == 1 {
		r.failing++
	}
	r.failures++
	held, known := r.texts[text]
	due := held || !known || attempt&(attempt-1) == 0
	held = due && now.Sub(r.last) < reportPause
	if r.texts == nil || !known && len(r.texts) == knownTexts {
		r.texts = make(map[string]bool, 1)
	}
	r.texts[text] = held
	if !due || held {
		r.others++
		return false
	}
	r.last, r.told = now, true
	return true
}

// recovered takes note of an instance that had failed and has succeeded. Once
// no instance is failing it returns how many failures there were, if people
// were told of one; otherwise 0.
func (r *reports) recovered() (failures int) {
	if r.failing--; r.failing > 0 {
		return 0
	}
	if r.told {
		failures = r.failures
	}
	*r = reports{last: r.last, others: r.others}
	return failures
}

// report logs a failure, if it is time for that.
func (e *Engine) report(inst *instance, err error, pause time.Duration) {
	r := &inst.fn.reports
	if !r.failed(inst.failures, alike(err, inst), time.Now()) {
		return
	}
	attrs := []any{
		slog.String("function", inst.fn.name.String()), slog.String("id", inst.address.ID),
		slog.Int("messages", len(inst.batch)), slog.Int("attempt", inst.failures),
		slog.Duration("pause", pause), slog.Int("other_failures", r.others), slog.Any("error", err),
	}
	r.others = 0
	if inst.failures >= lateAttempt && e.opts.OnFailure == Retry {
		attrs = append(attrs, slog.String("hint", lateHint))
	}
	e.opts.Logger.Warn("engine: a call failed and will be tried again", attrs...)
}

// succeeded takes note of an answer that counts, and says so if the calls of
// its function type had failed.
func (e *Engine) succeeded(inst *instance) {
	if inst.failures == 0 {
		return
	}
	inst.failures = 0
	if n := inst.fn.reports.recovered(); n > 0 {
		e.opts.Logger.Info("engine: calls succeed again", slog.String("function", inst.fn.name.String()), slog.Int("failures", n))
	}
}

// alike returns the text of an error without what differs between failures of
// one cause: the id, and long numbers, such as a connection's port.
func alike(err error, inst *instance) string {
	const long = 4
	isDigit := func(c rune) bool { return '0' <= c && c <= '9' }
	var b strings.Builder
	for text := strings.ReplaceAll(err.Error(), strconv.Quote(inst.address.ID), ""); text != ""; {
		words := strings.IndexFunc(text+"0", isDigit)
		b.WriteString(text[:words])
		rest := strings.TrimLeftFunc(text[words:], isDigit)
		if number := text[words : len(text)-len(rest)]; len(number) < long {
			b.WriteString(number)
		}
		text = rest
	}
	return b.String()
}
