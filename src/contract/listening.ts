/**
 * The life of an actor that listens on an address and does its work in one task: shared by the sources that others
 * connect to, so that all of them bind, try again, pause and end alike.
 */
import { assign, sendTo, setup } from 'xstate';
import {
  type ControlEvent,
  causeIn,
  deadlineMissed,
  type EndedEvent,
  type FailedEvent,
  nextAttempt,
  noTrouble,
  type Task,
  type Trouble,
  task,
} from './kind.ts';

/** What the task `listener` tells. */
export type ListenerEvent = { readonly type: 'LISTENING'; readonly host: string; readonly port: number };

/** What the machine tells the task `listener`. */
export type ListenerCommand = { readonly type: 'CLOSE' };

export interface ListenerEffects<Config> {
  /** Ends by itself once `CLOSE` has been carried out. */
  listener: Task<Config, ListenerEvent, ListenerCommand>;
  retryInMs: (attempt: number) => number;
}

/** What the statechart itself reads of a config. */
interface Config {
  readonly 'bind-attempts': number;
}

interface Context extends Trouble {
  readonly config: Config;
  readonly address: string | null;
}

/** How long `CLOSE` may take, ms: part of the time that an orderly end of the whole pipeline has. */
const closeMsMax = 3_000;
const bindMsMax = 10_000;

/** @param id the kind's name */
export function listenerStatechart<Own extends Config>(id: string, effects: ListenerEffects<Own>) {
  // The rest of the config only passes through.
  const listener = task(effects.listener as Task<Config, ListenerEvent, ListenerCommand>);
  const notInTime = deadlineMissed(`the ${id} did not start to listen within ${bindMsMax} ms`);
  const isLastAttempt = ({ attempt, config }: Context) => attempt + 1 >= config['bind-attempts'];
  return setup({
    types: {
      context: {} as Context,
      input: {} as { config: Config },
      events: {} as ListenerEvent | EndedEvent | FailedEvent | ControlEvent,
    },
    actors: { listener },
    actions: {
      close: sendTo('listener', { type: 'CLOSE' }),
      noteTrouble: assign(({ event }) => ({ cause: causeIn(event) ?? null })),
      noteDeadline: assign({ cause: notInTime }),
      well: assign(noTrouble),
      planRetry: assign(({ context, event }) => nextAttempt(context, event, effects.retryInMs, notInTime)),
      listening: assign(({ event }) => ({
        ...noTrouble,
        address: event.type === 'LISTENING' ? `${event.host}:${event.port}` : null,
      })),
    },
    guards: {
      hopeless: ({ context, event }) =>
        isLastAttempt(context) ||
        !['address-in-use', 'address-refused', 'deadline-missed'].includes(causeIn(event)?.code ?? ''),
      lastAttempt: ({ context }) => isLastAttempt(context),
    },
    delays: { retry: ({ context }) => context.retryInMs ?? 0 },
  }).createMachine({
    id,
    context: ({ input }) => ({ ...noTrouble, config: input.config, address: null }),
    initial: 'serving',
    on: { STOP: '.stopped' },
    states: {
      serving: {
        invoke: { id: 'listener', src: 'listener', input: ({ context }) => context.config },
        initial: 'binding',
        on: {
          FAILED: [
            { guard: 'hopeless', target: 'failed', actions: 'noteTrouble' },
            { target: 'waitingToRetry', actions: 'planRetry' },
          ],
          ENDED: { target: 'failed', actions: 'noteTrouble' },
        },
        states: {
          binding: {
            on: { LISTENING: { target: 'listening', actions: 'listening' }, PAUSE: `#${id}.paused` },
            after: {
              [bindMsMax]: [
                { guard: 'lastAttempt', target: `#${id}.failed`, actions: 'noteDeadline' },
                { target: `#${id}.waitingToRetry`, actions: 'planRetry' },
              ],
            },
          },
          listening: { tags: ['rest'], on: { STOP: 'draining', PAUSE: 'pausing' } },
          draining: {
            entry: 'close',
            on: { ENDED: `#${id}.stopped`, STOP: {} },
            after: { [closeMsMax]: `#${id}.stopped` },
          },
          pausing: {
            entry: 'close',
            on: { ENDED: `#${id}.paused`, STOP: 'draining', RESUME: 'resuming' },
            after: { [closeMsMax]: `#${id}.paused` },
          },
          // Not before the listener is closed: the address would still be taken.
          resuming: {
            on: { ENDED: `#${id}.serving`, STOP: 'draining', PAUSE: 'pausing' },
            after: { [closeMsMax]: `#${id}.serving` },
          },
        },
      },
      waitingToRetry: {
        tags: ['trouble'],
        on: { RETRY: 'serving', PAUSE: 'paused' },
        after: { retry: 'serving' },
      },
      paused: { entry: 'well', tags: ['rest'], on: { RESUME: 'serving' } },
      failed: { type: 'final', tags: ['failed'] },
      stopped: { type: 'final' },
    },
  });
}
