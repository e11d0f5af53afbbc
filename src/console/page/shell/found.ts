/** Which actors a few words mean, and which of them first. */
import type { ActorModel } from '../model/model.ts';
import { isSession } from '../overview/shape.ts';

/** Those whose name or kind has all the words: first those of a pipeline's file, then what belongs to them, last what has ended. */
export function foundActors(all: readonly ActorModel[], text: string): ActorModel[] {
  const words = text.toLowerCase().split(/\s+/);
  return all
    .filter((actor) => {
      const name = `${actor.pipeline.name}/${actor.name} ${actor.known.value.kind}`.toLowerCase();
      return words.every((word) => name.includes(word));
    })
    .sort((a, b) => rank(a) - rank(b));
}

export const hasEnded = ({ known }: ActorModel): boolean => known.value.live?.ended != null;

const rank = (actor: ActorModel): number => (hasEnded(actor) ? 2 : isSession(actor.name) ? 1 : 0);
