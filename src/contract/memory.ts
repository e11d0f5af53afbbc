/** What one life of an actor leaves to the next, as long as its pipeline runs, wherever each of them runs. */
export interface Memory {
  /** A few hundred characters at most. In a process of its own they go along with the next item that the actor sends. */
  words: string | undefined;
}
