/** What names of states tell of how an actor is, where nothing else is known of it. Pure. */

/** States that say by their name that something is wrong. */
const troubled = new Set(['waitingToRetry', 'stale', 'refused', 'forked', 'failed', 'full', 'lost']);
/** States on the way from trouble to well: an outage is not over in them. */
const onTheWay = new Set([
  'connecting',
  'greeting',
  'starting',
  'opening',
  'binding',
  'dialing',
  'catchingUp',
]);

export const leafOf = (state: string) => state.slice(state.lastIndexOf('.') + 1);

export const isTroubled = (state: string): boolean => troubled.has(leafOf(state));

/** Of a state that nothing stays in when all is well. */
export const isOnTheWay = (state: string): boolean => onTheWay.has(leafOf(state));
