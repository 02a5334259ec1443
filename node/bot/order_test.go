package bot

import (
	"testing"
	"time"
)

// sound makes packet i of a faultless stream of 20 ms frames; its numbers turn over on the way.
func sound(i int) arrival {
	return arrival{seq: uint16(65000 + i), stamp: uint32(0xffff_0000 + i*soundStep), at: time.UnixMilli(int64(20 * i))}
}

// shot makes packet i of a faultless stream of pictures of three packets each.
func shot(i int) arrival {
	picture := i / 3
	return arrival{seq: uint16(65000 + i), stamp: uint32(0xffff_0000 + picture*pictureStep), marker: i%3 == 2, at: time.UnixMilli(int64(picture * 67))}
}

func feed(video bool, packets ...arrival) (total Tally, fresh int) {
	o := order{video: video}
	var l ledger
	l.begin("")
	for _, p := range packets {
		f := o.take(p)
		fresh += int(one(f.Fresh))
		l.packet(f, 0)
	}
	return l.read(), fresh
}

func run(make func(int) arrival, from, to int) []arrival {
	var out []arrival
	for i := from; i < to; i++ {
		out = append(out, make(i))
	}
	return out
}

func TestOrderFindsWhatIsWrongWithAStream(t *testing.T) {
	const n = 2000
	good := Tally{Number: -1, FirstMillis: -1, Packets: n}
	with := func(change func(*Tally)) Tally {
		c := good
		change(&c)
		return c
	}
	for _, c := range []struct {
		name  string
		video bool
		in    []arrival
		want  Tally
		fresh int
	}{
		{"faultless sound", false, run(sound, 0, n), good, n},
		{"faultless picture", true, run(shot, 0, n), good, n},
		{"ten packets never came", false, append(run(sound, 0, 500), run(sound, 510, n+10)...), with(func(t *Tally) { t.Lost = 10 }), n},
		{"each came twice", false, twice(run(sound, 0, n/2)), with(func(t *Tally) { t.Duplicates = n / 2 }), n / 2},
		{"two changed places", false, swapped(run(sound, 0, n), 700), with(func(t *Tally) { t.Late = 1 }), n},
		{"one was later than the window", false, moved(run(sound, 0, n), 700, 900), with(func(t *Tally) { t.Late, t.Lost = 1, 1 }), n - 1},
		{"the numbers began anew", false, renumbered(run(sound, 0, n+1), 1000, 7000), with(func(t *Tally) { t.Packets++; t.Restarts = 1 }), n},
		{"one stray number", false, renumbered(run(sound, 0, n), 1999, 7000), good, n - 1},
		{"time went back", false, restamped(run(sound, 0, n), 1000, -soundStep*5), with(func(t *Tally) { t.Timestamps = 1 }), n},
		{"time stood still", false, restamped(run(sound, 0, n), 1000, -soundStep), with(func(t *Tally) { t.Timestamps = 1 }), n},
		{"time ran ahead by two seconds", false, restamped(run(sound, 0, n), 1000, 2*soundClock), with(func(t *Tally) { t.Ahead = 1 }), n},
		{"its beginning came late", false, late(run(sound, 0, n), 0, 10, 3*time.Second), with(func(t *Tally) { t.Ahead = 1 }), n},
		{"packets came late, then a pause", false, late(run(sound, 0, n), 900, 1000, 3*time.Second), good, n},
		{"a step that no Opus frame has", false, restamped(run(sound, 0, n), 1000, 7), with(func(t *Tally) { t.Timestamps = 1 }), n},
		{"a picture changed its time in the middle", true, restamped(run(shot, 0, n), 1000, 1), with(func(t *Tally) { t.Cut = 1 }), n},
		{"two pictures of one time", true, restamped(run(shot, 0, n), 1002, -pictureStep), with(func(t *Tally) { t.Timestamps = 1 }), n},
	} {
		got, fresh := feed(c.video, c.in...)
		if got != c.want || fresh != c.fresh {
			t.Errorf("%s:\n got %+v fresh %d\nwant %+v fresh %d", c.name, got, fresh, c.want, c.fresh)
		}
	}
}

func TestPaddingIsNotHeldAgainstAStream(t *testing.T) {
	packets := run(shot, 0, 30)
	for i := range packets {
		packets[i].seq += uint16(i / 3) // room for one after each picture
	}
	var padded []arrival
	for i, p := range packets {
		padded = append(padded, p)
		if i%3 == 2 {
			padded = append(padded, arrival{seq: p.seq + 1, stamp: p.stamp, empty: true, at: p.at})
		}
	}
	if got, _ := feed(true, padded...); got.Timestamps != 0 || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
}

func twice(in []arrival) (out []arrival) {
	for _, a := range in {
		out = append(out, a, a)
	}
	return out
}

func swapped(in []arrival, i int) []arrival {
	in[i], in[i+1] = in[i+1], in[i]
	return in
}

func moved(in []arrival, from, to int) []arrival {
	a := in[from]
	copy(in[from:to], in[from+1:to+1])
	in[to] = a
	return in
}

func renumbered(in []arrival, from int, by uint16) []arrival {
	for i := from; i < len(in); i++ {
		in[i].seq += by
	}
	return in
}

func restamped(in []arrival, from, by int) []arrival {
	for i := from; i < len(in); i++ {
		in[i].stamp += uint32(by)
	}
	return in
}

// late has packets come all at once, later.
func late(in []arrival, from, to int, by time.Duration) []arrival {
	for i := from; i < to; i++ {
		in[i].at = in[to].at.Add(by)
	}
	for i := to; i < len(in); i++ {
		in[i].at = in[i].at.Add(by)
		in[i].stamp += uint32(by * soundClock / time.Second) // the sender waited too
	}
	return in
}
