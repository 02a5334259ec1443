package config

import (
	"fmt"
	"strings"
	"time"
)

// Bounds of numbers. The protocol's own bound of people in a room is maxPeople; beyond an hour nobody comes back.
const (
	maxMeshMax   = 99
	maxPeople    = 500
	maxGoneAfter = time.Hour
	maxHold      = time.Hour
)

// check tells what does not go together, in one line about the first of it.
func (c Config) check() error {
	switch {
	case c.MeshMax < 0 || c.MeshMax > maxMeshMax:
		return c.wrong("mesh-max", fmt.Sprintf("must lie between 0 and %d", maxMeshMax))
	case c.MaxPeople < 2 || c.MaxPeople > maxPeople:
		return c.wrong("max-people", fmt.Sprintf("must lie between 2 and %d", maxPeople))
	case c.GoneAfter < time.Second || c.GoneAfter > maxGoneAfter:
		return c.wrong("gone-after", "must lie between 1s and 1h")
	case c.Hold < 0 || c.Hold > maxHold:
		return c.wrong("hold", "must lie between 0s and 1h")
	case c.Cert != "" && c.Key == "":
		return c.wrong("cert", "needs its private key: name it with --key")
	case c.Key != "" && c.Cert == "":
		return c.wrong("key", "needs its certificate: name it with --cert")
	case c.SelfSigned && c.Cert != "":
		return c.wrong("self-signed", "and --cert exclude each other: leave one of the two out")
	case !c.PublicIP.apart():
		return c.wrong("public-ip", "must be one address, or one of IPv4 and one of IPv6")
	case c.TLS() && strings.HasPrefix(string(c.URL), "http://"):
		return c.wrong("url", "must begin with https://, because this node has a certificate")
	case c.RTC.collides(c.HTTP):
		return c.wrong("rtc", "is taken by --http: choose another port")
	case c.TURN.collides(c.HTTP):
		return c.wrong("turn", "is taken by --http: choose another port")
	case c.TURN.collides(c.RTC):
		return c.wrong("turn", "is taken by --rtc: choose another port")
	}
	return nil
}

// apart tells whether there is at most one address per IP version.
func (a IPs) apart() bool {
	return len(a) <= 1 || len(a) == 2 && a[0].Is4() != a[1].Is4()
}

// TLS tells whether pages are served over https by this node itself.
func (c Config) TLS() bool { return c.SelfSigned || c.Cert != "" }

// wrong says what is wrong with a setting, naming the place where it has to be changed.
func (c Config) wrong(name, why string) error {
	at := c.from[name]
	place := ""
	if at.place != "--"+name && at.place != byDefault {
		place = " (from " + at.place + ")"
	}
	return fmt.Errorf("config: --%s %q%s %s", name, at.text, place, why)
}
