package config

import (
	"encoding"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"parley/node/overlay"
)

// Address is where a node listens. An empty Host means every address of the machine, port 0 any free port.
type Address struct {
	Host string // IP address or host name
	Port uint16
}

// String writes the address as net.Listen takes it.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

var hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`)

// UnmarshalText reads "8080", ":8080", "127.0.0.1:8080", "[::1]:8080" or "localhost:8080".
func (a *Address) UnmarshalText(text []byte) error {
	host, digits := "", string(text)
	if strings.Contains(digits, ":") {
		var err error
		if host, digits, err = net.SplitHostPort(digits); err != nil {
			return fmt.Errorf("is not a port such as 8080 or an address with a port such as 127.0.0.1:8080")
		}
	}
	port, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return fmt.Errorf("has no port between 0 and 65535")
	}
	if _, err := netip.ParseAddr(host); host != "" && err != nil && !hostName.MatchString(host) {
		return fmt.Errorf("does not begin with an IP address or a host name")
	}
	*a = Address{Host: host, Port: uint16(port)}
	return nil
}

// collides tells whether two listeners cannot both have their address.
func (a Address) collides(b Address) bool {
	return a.Port == b.Port && a.Port != 0 && (a.Host == b.Host || a.everywhere() || b.everywhere())
}

func (a Address) everywhere() bool {
	ip, err := netip.ParseAddr(a.Host)
	return a.Host == "" || err == nil && ip.IsUnspecified()
}

// Origin is scheme, host and port of a site, as browsers write it in the Origin header (RFC 6454 section 6.1):
// lower case, without a default port.
type Origin string

// UnmarshalText reads an origin; one slash at its end does no harm.
func (o *Origin) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*o = ""
		return nil
	}
	u, err := url.Parse(strings.ToLower(string(text)))
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return fmt.Errorf("is not an address such as https://meet.example.org")
	}
	if strings.TrimSuffix(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("must end after the host and port, as in https://meet.example.org:8443")
	}
	if port := u.Port(); port == "" || u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		u.Host = strings.TrimSuffix(strings.TrimSuffix(u.Host, port), ":")
	}
	*o = Origin(u.Scheme + "://" + u.Host)
	return nil
}

// Origins is a list of sites.
type Origins []Origin

// UnmarshalText reads origins with commas between them.
func (o *Origins) UnmarshalText(text []byte) error {
	*o = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		var one Origin
		if err := one.UnmarshalText([]byte(part)); err != nil {
			return err
		}
		*o = append(*o, one)
	}
	return nil
}

// Strings are the sites as texts.
func (o Origins) Strings() []string {
	texts := make([]string, len(o))
	for i, one := range o {
		texts[i] = string(one)
	}
	return texts
}

// Networks is a list of IP networks.
type Networks []netip.Prefix

// UnmarshalText reads networks and single addresses with commas between them.
func (n *Networks) UnmarshalText(text []byte) error {
	*n = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if ip, err := netip.ParseAddr(part); err == nil {
			*n = append(*n, netip.PrefixFrom(ip, ip.BitLen()))
			continue
		}
		network, err := netip.ParsePrefix(part)
		if err != nil {
			return fmt.Errorf("is not an IP address or a network such as 10.0.0.0/8")
		}
		*n = append(*n, network.Masked())
	}
	return nil
}

// IPs is a list of IP addresses.
type IPs []netip.Addr

// UnmarshalText reads addresses with commas between them.
func (a *IPs) UnmarshalText(text []byte) error {
	*a = nil
	for part := range strings.SplitSeq(string(text), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		ip, err := netip.ParseAddr(part)
		if err != nil || ip.Zone() != "" || ip.IsUnspecified() || ip.IsMulticast() {
			return fmt.Errorf("is not an IP address such as 203.0.113.7")
		}
		*a = append(*a, ip.Unmap())
	}
	return nil
}

// Roles are the parts that a node plays.
type Roles []overlay.Role

// UnmarshalText reads roles with commas between them.
func (r *Roles) UnmarshalText(text []byte) error {
	*r = nil
	for part := range strings.SplitSeq(strings.ToLower(string(text)), ",") {
		switch role := overlay.Role(strings.TrimSpace(part)); role {
		case overlay.RoleBridge, overlay.RoleRelay, overlay.RoleTURN:
			*r = append(*r, role)
		default:
			return fmt.Errorf("must be some of bridge, relay and turn, as in bridge,relay,turn")
		}
	}
	return nil
}

// Has tells whether the node plays this part.
func (r Roles) Has(role overlay.Role) bool { return slices.Contains(r, role) }

// Codec is a video codec by its short name.
type Codec string

// UnmarshalText reads one of the codecs that browsers and relays share.
func (c *Codec) UnmarshalText(text []byte) error {
	switch codec := Codec(strings.ToLower(string(text))); codec {
	case "vp8", "vp9", "av1":
		*c = codec
		return nil
	}
	return fmt.Errorf("must be vp8, vp9 or av1")
}

// Log is what is logged, and how.
type Log struct {
	Level slog.Level
	JSON  bool // one JSON object per line, for machines; else text
}

// UnmarshalText reads a level, a form, or both with a comma.
func (l *Log) UnmarshalText(text []byte) error {
	*l = Log{Level: slog.LevelInfo}
	for part := range strings.SplitSeq(strings.ToLower(string(text)), ",") {
		switch part = strings.TrimSpace(part); part {
		case "text", "json":
			l.JSON = part == "json"
		case "debug", "info", "warn", "error":
			if err := l.Level.UnmarshalText([]byte(part)); err != nil {
				return err
			}
		default:
			return fmt.Errorf("must be debug, info, warn or error, and then text or json, as in debug,json")
		}
	}
	return nil
}

// set reads text into one field of Config. An error continues the sentence that begins with the text.
func set(field reflect.Value, text string) error {
	if own, ok := field.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return own.UnmarshalText([]byte(text))
	}
	switch field.Interface().(type) {
	case string:
		field.SetString(text)
	case bool:
		on, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("is neither true nor false")
		}
		field.SetBool(on)
	case int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("is not a whole number")
		}
		field.SetInt(int64(n))
	case time.Duration:
		d, err := time.ParseDuration(text)
		if err != nil {
			return fmt.Errorf("is not a time such as 45s or 2m")
		}
		field.SetInt(int64(d))
	}
	return nil
}
