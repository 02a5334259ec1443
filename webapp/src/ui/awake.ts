// Keeps the screen lit while one is in a call: a phone that goes dark also stops its camera.

/** Keeps the screen on until the returned function is called. Browsers that cannot do it go dark as ever. */
export function keepAwake(): () => void {
  let over = false;
  let lock: WakeLockSentinel | undefined;

  async function ask(): Promise<void> {
    if (over || document.visibilityState !== 'visible' || !('wakeLock' in navigator)) return;
    try {
      const got = await navigator.wakeLock.request('screen');
      if (over) void got.release();
      else lock = got;
    } catch {
      // The battery is low, or the browser does not want to.
    }
  }
  const again = () => void ask(); // a page that was out of sight has lost its lock

  document.addEventListener('visibilitychange', again);
  again();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', again);
    void lock?.release();
  };
}
