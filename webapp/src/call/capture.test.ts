import { describe, expect, it, vi } from 'vitest';
import { Capture, type CaptureKind, problemOf } from './capture';
import type { InputPrefs } from './prefs';
import { TestDevices } from './testing';

const refusal = (name: string): DOMException => new DOMException('no', name);

function setUp(kind: CaptureKind, prefs: InputPrefs = { on: true }): { capture: Capture; devices: TestDevices } {
  const devices = new TestDevices();
  return { devices, capture: new Capture(kind, { devices: devices.media, changed: () => undefined }, prefs) };
}

const started = (capture: Capture): Promise<void> => vi.waitFor(() => expect(capture.input.status).toMatch(/on|failed/));

describe('a camera', () => {
  it('starts if it is wanted, and not otherwise', async () => {
    const { capture, devices } = setUp('camera');
    capture.begin();
    expect(capture.input.status).toBe('starting');
    await started(capture);
    expect(capture.input).toMatchObject({ status: 'on', chosen: 'first' });
    const other = setUp('camera', { on: false });
    other.capture.begin();
    expect(other.devices.asked).toHaveLength(0);
    expect(devices.asked[0]?.audio).toBeUndefined();
  });

  it('is released when it is off, and asked for anew when it is on again', async () => {
    const { capture, devices } = setUp('camera');
    capture.begin();
    await started(capture);
    capture.set(false);
    expect(devices.tracks[0]?.readyState).toBe('ended');
    expect(capture).toMatchObject({ track: null, input: { status: 'off', wanted: false } });
    capture.set(true);
    await started(capture);
    expect(devices.tracks[1]?.readyState).toBe('live');
  });

  it('is let go if it comes after it was turned off', async () => {
    const { capture, devices } = setUp('camera');
    capture.begin();
    capture.set(false);
    await vi.waitFor(() => expect(devices.tracks[0]?.readyState).toBe('ended'));
    expect(capture.track).toBeNull();
    expect(capture.input.status).toBe('off');
  });

  it('switches to another and lets the first go', async () => {
    const { capture, devices } = setUp('camera');
    capture.begin();
    await started(capture);
    capture.choose('second');
    await vi.waitFor(() => expect(capture.input.chosen).toBe('second'));
    await vi.waitFor(() => expect(devices.tracks.map((track) => track.readyState)).toEqual(['ended', 'live']));
    expect(capture.input.status).toBe('on');
  });

  it('closes the one in use where a second cannot be opened beside it', async () => {
    const { capture, devices } = setUp('camera');
    capture.begin();
    await started(capture);
    devices.answer = (id) => {
      if (devices.tracks.some((track) => track.readyState === 'live')) throw refusal('NotReadableError');
      return id ?? 'first';
    };
    capture.choose('second');
    await vi.waitFor(() => expect(capture.track?.getSettings().deviceId).toBe('second'));
  });

  it('falls back to another when it is unplugged, and says so when there is none', async () => {
    const { capture, devices } = setUp('camera', { on: true, id: 'usb' });
    capture.begin();
    await started(capture);
    devices.answer = (id) => {
      if (id === 'usb') throw refusal('OverconstrainedError');
      return 'built in';
    };
    devices.tracks[0]?.unplug();
    await vi.waitFor(() => expect(capture.input).toMatchObject({ status: 'on', chosen: 'built in' }));
    devices.answer = () => {
      throw refusal('NotFoundError');
    };
    devices.tracks.at(-1)?.unplug();
    await vi.waitFor(() => expect(capture.input).toMatchObject({ status: 'failed', problem: 'missing' }));
    expect(capture.track).toBeNull();
  });

  it('starts when one is plugged in after none was found', async () => {
    const { capture, devices } = setUp('camera');
    devices.answer = () => {
      throw refusal('NotFoundError');
    };
    capture.begin();
    await started(capture);
    devices.answer = () => 'usb';
    capture.found([{ id: 'usb', label: 'USB' }]);
    await vi.waitFor(() => expect(capture.input.status).toBe('on'));
    expect(capture.input).not.toHaveProperty('problem');
  });
});

describe('a microphone', () => {
  it('keeps its track while it is muted, so that unmuting takes no time', async () => {
    const { capture, devices } = setUp('microphone');
    capture.begin();
    await started(capture);
    capture.set(false);
    expect(devices.tracks[0]).toMatchObject({ enabled: false, readyState: 'live' });
    capture.set(true);
    expect(devices.tracks[0]?.enabled).toBe(true);
    expect(devices.asked).toHaveLength(1);
  });

  it('that is unplugged while muted stays off', async () => {
    const { capture, devices } = setUp('microphone');
    capture.begin();
    await started(capture);
    capture.set(false);
    devices.tracks[0]?.unplug();
    expect(capture.input.status).toBe('off');
    expect(devices.asked).toHaveLength(1);
  });

  it('asks for a clean voice', async () => {
    const { capture, devices } = setUp('microphone');
    capture.begin();
    await started(capture);
    expect(devices.asked[0]?.audio).toEqual({ echoCancellation: true, noiseSuppression: true, autoGainControl: true });
  });
});

describe('when nothing is given', () => {
  it('says so at once on a page that is not secure', () => {
    const capture = new Capture('camera', { devices: null, changed: () => undefined }, { on: true });
    capture.begin();
    expect(capture.input).toMatchObject({ status: 'failed', problem: 'insecure' });
  });

  it('tries again when it is turned on again', async () => {
    const { capture, devices } = setUp('camera');
    devices.answer = () => {
      throw refusal('NotAllowedError');
    };
    capture.begin();
    await started(capture);
    expect(capture.input).toMatchObject({ wanted: true, status: 'failed', problem: 'denied' });
    devices.answer = () => 'first';
    capture.set(true);
    await vi.waitFor(() => expect(capture.input.status).toBe('on'));
  });

  it('gives each reason its name', () => {
    const names = ['NotFoundError', 'OverconstrainedError', 'NotAllowedError', 'NotReadableError', 'AbortError', 'TypeError'];
    expect(names.map((name) => problemOf(refusal(name)))).toEqual(['missing', 'missing', 'denied', 'busy', 'busy', 'failed']);
    expect(problemOf('?')).toBe('failed');
  });
});
