// Turning pages with a finger.

const far = 50; // px

/** Tells when a finger was drawn across the element: to the left turns forth, to the right back. */
export function swipes(turn: (step: -1 | 1) => void): (element: HTMLElement) => () => void {
  return (element) => {
    let from: { x: number; y: number } | undefined;
    const begin = ({ touches }: TouchEvent): void => {
      const touch = touches.length === 1 ? touches[0] : undefined; // two fingers zoom
      from = touch && { x: touch.clientX, y: touch.clientY };
    };
    const end = ({ changedTouches }: TouchEvent): void => {
      const touch = changedTouches[0];
      if (!from || !touch) return;
      const [across, down] = [touch.clientX - from.x, touch.clientY - from.y];
      from = undefined;
      if (Math.abs(across) >= far && Math.abs(across) > 2 * Math.abs(down)) turn(across < 0 ? 1 : -1);
    };
    element.addEventListener('touchstart', begin, { passive: true });
    element.addEventListener('touchend', end);
    return () => {
      element.removeEventListener('touchstart', begin);
      element.removeEventListener('touchend', end);
    };
  };
}
