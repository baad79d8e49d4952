package reply

import (
	"context"
	"errors"
	"log/slog"

	"github.com/statefun-go/statefun-go/statefun"
)

// reportFailure writes the one record of a request that failed. The function's
// own error appears here and nowhere else.
func (r *Responder) reportFailure(ctx context.Context, outcome Outcome, err error) {
	level := slog.LevelWarn
	if outcome == Failed {
		level = slog.LevelError
	}
	if !r.log.Enabled(ctx, level) {
		return
	}
	attrs := []slog.Attr{slog.Int("status", outcome.Status())}
	if e, ok := errors.AsType[*statefun.Error](err); ok {
		attrs = append(attrs, slog.String("code", e.Code.String()))
		if e.Function != (statefun.TypeName{}) {
			attrs = append(attrs, slog.String("function", e.Function.String()))
		}
		if e.Index >= 0 {
			attrs = append(attrs, slog.Int("index", e.Index))
		}
	}
	attrs = append(attrs, slog.Any("error", err))
	if p, ok := errors.AsType[*statefun.PanicError](err); ok {
		attrs = append(attrs, slog.String("stack", string(p.Stack)))
	}
	r.log.LogAttrs(ctx, level, "request failed", attrs...)
}

// reportRefusal writes the record of a request that was not looked at. Every
// scanner of the network causes some, so it is no warning.
func (r *Responder) reportRefusal(ctx context.Context, head Head, outcome Outcome) {
	r.log.LogAttrs(ctx, slog.LevelInfo, "request refused",
		slog.Int("status", outcome.Status()),
		slog.String("method", head.Method()),
		slog.String("content_type", head.Header("Content-Type")),
		slog.String("content_encoding", head.Header("Content-Encoding")),
	)
}

// reportSize writes the record of a body over its limit, with both sizes: a
// 413 fails a Flink job on the OkHttp transport, and the sizes say what to
// change. An answer of zero bytes is one that there is none of.
func (r *Responder) reportSize(ctx context.Context, outcome Outcome, request, answer int64) {
	r.log.LogAttrs(ctx, slog.LevelError, "over the limit",
		slog.Int("status", outcome.Status()),
		slog.Int64("request_bytes", request),
		slog.Int64("max_request_bytes", r.config.MaxRequestBytes),
		slog.Int64("answer_bytes", answer),
		slog.Int64("max_answer_bytes", r.config.MaxAnswerBytes),
	)
}
