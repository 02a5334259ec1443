import type { Person } from './person';

/** Watches, inside a page, whether the frames of all pictures that it receives go on growing. */
export class Stalls {
  private constructor(private readonly person: Person) {}

  static async watch(person: Person): Promise<Stalls> {
    await person.page.evaluate(() => {
      const grown = new Map<string, { frames: number; at: number }>();
      const stalls = { longest: 0, tracks: 0, on: true };
      const look = async (): Promise<void> => {
        const pictures = (await window.probe.inbound()).filter((one) => one.kind === 'video' && one.frames > 0);
        const at = performance.now();
        for (const { track, frames } of pictures) {
          if (frames > (grown.get(track)?.frames ?? 0)) grown.set(track, { frames, at });
        }
        // One that is gone from the statistics stalls as well.
        for (const last of grown.values()) stalls.longest = Math.max(stalls.longest, at - last.at);
        stalls.tracks = grown.size;
        if (stalls.on) setTimeout(() => void look(), 50);
      };
      window.stalls = stalls;
      void look();
    });
    return new Stalls(person);
  }

  /** The longest time in ms during which one of the pictures had no new frame, and how many were watched. */
  end(): Promise<{ longest: number; tracks: number }> {
    return this.person.page.evaluate(() => {
      window.stalls!.on = false;
      return { longest: window.stalls!.longest, tracks: window.stalls!.tracks };
    });
  }
}

declare global {
  interface Window {
    stalls?: { longest: number; tracks: number; on: boolean };
  }
}
