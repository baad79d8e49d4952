package reply

// Texts returns the text of each outcome's answer.
func Texts() map[Outcome]string {
	texts := map[Outcome]string{}
	for i, r := range rows {
		texts[Outcome(i)] = r.text
	}
	return texts
}

// Pooled tells whether the answer's memory will serve another one.
func (a Answer) Pooled() bool { return a.buffer != nil }
