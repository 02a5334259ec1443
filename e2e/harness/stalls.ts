import type { Person } from './person';

/** Watches the frame counts of tiles while something happens. */
export class Stalls {
  private running = true;
  private readonly finished: Promise<number>;

  constructor(person: Person, names: string[]) {
    this.finished = this.watch(person, names);
  }

  private async watch(person: Person, names: string[]): Promise<number> {
    let longest = 0;
    const grown = new Map<string, { frames: number; at: number }>();
    while (this.running) {
      const frames = await person.frames(names);
      const at = Date.now();
      for (const [index, name] of names.entries()) {
        const before = grown.get(name);
        if (before) longest = Math.max(longest, at - before.at);
        if (!before || frames[index]! > before.frames) grown.set(name, { frames: frames[index]!, at });
        if (before && frames[index]! < before.frames) throw new Error(`the frames of ${name} began anew`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return longest;
  }

  /** The longest time in ms during which the frame count of one of the tiles did not grow. */
  end(): Promise<number> {
    this.running = false;
    return this.finished;
  }
}
