/** What is shown of events, contexts and causes. */
import type { EventObject } from 'xstate';
import type { Problem } from '../contract/errors.ts';
import type { StepFrame } from '../contract/inspect.ts';
import { printable } from '../domain/text.ts';
import { eventName } from './names.ts';
import type { Redacted, Redactor } from './redact.ts';

const nameLengthMax = 200;
const messageLengthMax = 2_000;
/** Members of a context, and the bytes of JSON that they may take together, about. */
const membersMax = 40;
const contextBytesMax = 8_000;

export function shownProblem({ code, message, advice }: Problem, redactor: Redactor): Problem {
  return {
    code,
    message: redactor.text(String(message), messageLengthMax),
    advice: redactor.text(String(advice), messageLengthMax),
  };
}

const nothing = { payload: null, bytes: 0 };

export function describeEvent(
  event: EventObject,
  redactor: Redactor,
): { readonly shown: StepFrame['event']; readonly bytes: number } {
  const { payload, bytes } = payloadOf(event, redactor);
  const type = printable(event.type, nameLengthMax);
  return { shown: { type, name: eventName(type), payload }, bytes };
}

function payloadOf(event: EventObject, redactor: Redactor): { payload: unknown; bytes: number } {
  // xstate's own, and said by the type already.
  const { type: _, actorId: __, ...rest } = event as EventObject & { actorId?: unknown };
  for (const key in rest) {
    if ((rest as Record<string, unknown>)[key] === undefined) continue;
    const { value, bytes } = redactor.redact(rest);
    return { payload: value, bytes };
  }
  return nothing;
}

interface Member extends Redacted {
  readonly raw: unknown;
}

/** The context of one actor: contexts are never changed but replaced, so only new members are looked at. */
export class ContextView {
  readonly #redactor: Redactor;
  #raw: unknown;
  #members = new Map<string, Member>();
  #shown: Redacted = { value: null, bytes: 0 };
  #cause: { raw: Problem; shown: Problem } | undefined;

  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  forget(): void {
    this.#raw = undefined;
    this.#members.clear();
  }

  all(context: unknown): Redacted {
    this.changed(context);
    return this.#shown;
  }

  /** `undefined` when it is what it was. */
  changed(context: unknown): Redacted | undefined {
    if (context === this.#raw) return undefined;
    this.#raw = context;
    if (typeof context !== 'object' || context === null || Array.isArray(context)) {
      this.#members.clear();
      this.#shown = this.#redactor.redact(context);
      return this.#shown;
    }
    return this.#looked(context as Record<string, unknown>);
  }

  /** What is wrong by that context, if anything. */
  cause(context: unknown): Problem | undefined {
    const raw = (context as { cause?: Problem | null } | null)?.cause;
    if (!raw || typeof raw.code !== 'string') return undefined;
    if (this.#cause?.raw !== raw) this.#cause = { raw, shown: shownProblem(raw, this.#redactor) };
    return this.#cause.shown;
  }

  #looked(context: Record<string, unknown>): Redacted | undefined {
    const members = new Map<string, Member>();
    let isChanged = false;
    for (const name of Object.keys(context).slice(0, membersMax)) {
      const raw = context[name];
      const known = this.#members.get(name);
      if (known && Object.is(known.raw, raw)) {
        members.set(name, known);
        continue;
      }
      const shown = this.#redactor.member(name, raw);
      if (!shown) continue;
      isChanged = true;
      members.set(name, { ...shown, raw });
    }
    isChanged ||= members.size !== this.#members.size;
    this.#members = members;
    if (!isChanged) return undefined;
    this.#shown = put(members);
    return this.#shown;
  }
}

function put(members: ReadonlyMap<string, Member>): Redacted {
  const value: Record<string, unknown> = {};
  let bytes = 2;
  for (const [name, member] of members) {
    const isRoom = bytes + member.bytes <= contextBytesMax;
    bytes += name.length + 4 + (isRoom ? member.bytes : 8);
    if (name !== '__proto__') value[printable(name, nameLengthMax)] = isRoom ? member.value : '<more>';
  }
  return { value, bytes };
}
