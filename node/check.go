package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"parley/bridge"
	"parley/node/config"
	"parley/node/observe"
	"parley/node/overlay"
	"parley/webapp"
)

// soon is how long before its end a certificate is worth a word. Who renews by machine does so 30 days before.
const soon = 14 * 24 * time.Hour

// checkup is one run of check.
type checkup struct {
	cfg   config.Config
	out   io.Writer
	wrong bool
}

// check tells what stands in the way of a call, by trying. It makes and changes nothing.
func check(c call) error {
	cfg, err := c.load(flag.NewFlagSet("check", flag.ContinueOnError))
	if err != nil {
		return err
	}
	u := &checkup{cfg: cfg, out: c.out}
	u.tell(webBuilt())
	u.tell(dataFolder(cfg.Data))
	u.tell(clock(cfg.Data, time.Now()))
	if cfg.TLS() {
		u.tell(certificate(cfg, time.Now()))
	}
	if !cfg.TLS() && !strings.HasPrefix(string(cfg.URL), "https://") {
		u.note("over http only this machine's browsers give a camera: for others add --self-signed or --cert and --key, or name the https address of your proxy with --url")
	}
	u.reach()
	if u.wrong {
		return errFound
	}
	return nil
}

// tell prints what one trial found: a sentence that all is well, or an error that says what to do.
func (u *checkup) tell(fine string, err error) {
	if err != nil {
		u.wrong = true
		fmt.Fprintf(u.out, "WRONG  %v\n", err)
		return
	}
	fmt.Fprintf(u.out, "ok     %s\n", fine)
}

// note prints what is not wrong but good to know.
func (u *checkup) note(text string) { fmt.Fprintf(u.out, "note   %s\n", text) }

// reach tries the ways to this node: its ports, and the public address where one is set.
func (u *checkup) reach() {
	listener, err := listen(u.cfg.HTTP)
	if err == nil {
		u.tell(fmt.Sprintf("%s is free for the web page (--http)", u.cfg.HTTP), listener.Close())
		if u.cfg.Roles.Has(overlay.RoleRelay) {
			u.tell(fmt.Sprintf("%s is free for media, UDP and TCP (--rtc)", u.cfg.RTC), mediaPort(u.cfg))
		}
		if u.cfg.URL != "" {
			u.note(fmt.Sprintf("whether %s leads here can be told only while the node runs: start it and check again", u.cfg.URL))
		}
		return
	}
	if !errors.Is(err, errTaken) {
		u.tell("", err)
		return
	}
	here := dial{site: local(u.cfg, int(u.cfg.HTTP.Port)), unverified: true} // the certificate has been looked at by itself
	if here.healthy() != nil {
		u.tell("", err)
		return
	}
	u.tell("a node answers at "+here.site+", and is ready", here.ready())
	u.tell("a page can talk to it", here.talk())
	if u.cfg.URL != "" {
		public := dial{site: string(u.cfg.URL), unverified: u.cfg.SelfSigned}
		if err := public.healthy(); err != nil {
			u.tell("", fmt.Errorf("%s (--url) does not lead to this node: look at its DNS record, the port forwarding or the proxy: %w", u.cfg.URL, err))
			return
		}
		u.tell(public.site+" leads to a node", nil)
		u.tell("a page can talk to it there", public.talk())
	}
}

// mediaPort takes the relay's port for a moment.
func mediaPort(cfg config.Config) error {
	r, err := openRelay(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	return r.Close()
}

func webBuilt() (string, error) {
	if _, built := webapp.Files(); !built {
		return "", errors.New("the web app is not part of this program: run just build and use the program that it makes")
	}
	return "the web app is part of this program", nil
}

// dataFolder tells whether a node could start from it. A folder that is missing is made at the first start, not
// here: the user who checks may not be the one who runs the node.
func dataFolder(folder string) (string, error) {
	info, err := os.Stat(folder)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Sprintf("the data folder %s is made at the first start (--data)", folder), nil
	}
	if err != nil {
		return "", err
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is not a folder: name another with --data", folder)
	}
	trial, err := os.CreateTemp(folder, "check.*")
	if err != nil {
		return "", fmt.Errorf("nothing can be written to the data folder %s: change who may, or name another with --data", folder)
	}
	if err := errors.Join(trial.Close(), os.Remove(trial.Name())); err != nil {
		return "", err
	}
	if _, err := os.Stat(filepath.Join(folder, overlay.KeyFile)); err != nil {
		return fmt.Sprintf("the data folder %s can be written to; the node's key is made at the first start", folder), nil
	}
	me, err := overlay.Identify(folder)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("the data folder %s holds the key of node %s", folder, me.Node), nil
}

// clock compares the machine's time with what is certainly in the past: this program and the node's key were
// written before now. Certificates, passes and the order of a room's plans hang on it.
func clock(folder string, now time.Time) (string, error) {
	program, _ := os.Executable() // a system that does not tell, such as one without /proc, leaves the key
	for _, path := range []string{program, filepath.Join(folder, overlay.KeyFile)} {
		if info, err := os.Stat(path); err == nil && info.ModTime().After(now.Add(time.Minute)) {
			return "", fmt.Errorf("the clock is wrong: it is %s here, but %s was written at %s: set the clock, and keep it right with NTP",
				now.Format(time.DateTime), path, info.ModTime().Format(time.DateTime))
		}
	}
	return "the clock says " + now.Format("2006-01-02 15:04:05 MST") + ", later than all that it must be later than", nil
}

// certificate looks at what browsers will be shown: its dates, and whether it is for the public name.
func certificate(cfg config.Config, now time.Time) (string, error) {
	if cfg.SelfSigned {
		return "the node signs its certificate itself: browsers will warn once", nil
	}
	cert, err := bridge.LoadCertificate(cfg.Cert, cfg.Key, observe.Log(io.Discard, cfg.Log.Level, false))
	if err != nil {
		return "", err
	}
	pair, err := cert.TLS().GetCertificate(nil)
	if err != nil {
		return "", err
	}
	leaf := pair.Leaf
	if public, err := url.Parse(string(cfg.URL)); err == nil && public.Hostname() != "" {
		if err := leaf.VerifyHostname(public.Hostname()); err != nil {
			return "", fmt.Errorf("the certificate is not for the name in --url: get one for it, or change --url: %w", err)
		}
	}
	if now.Before(leaf.NotBefore) {
		return "", fmt.Errorf("the certificate becomes valid only at %s: is the clock right?", leaf.NotBefore.Format(time.DateTime))
	}
	if left := leaf.NotAfter.Sub(now); left < soon {
		return "", fmt.Errorf("the certificate ends at %s, in %d days: renew it", leaf.NotAfter.Format(time.DateTime), int(left.Hours()/24))
	}
	return "the certificate is good until " + leaf.NotAfter.Format(time.DateOnly), nil
}
