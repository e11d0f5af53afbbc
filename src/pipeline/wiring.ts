/** How actors are joined: every `to:` against the ports of both ends, and the order that follows. */
import type { ActorKind } from '../contract/kind.ts';
import type { WirePlan } from '../contract/plan.ts';
import { quoteList } from '../domain/text.ts';
import type { Draft } from './actors.ts';
import { originOf } from './interpolate.ts';
import { quote, type Report, suggest } from './problem.ts';

/** Wires between the actors that are not left out. */
export function checkWiring(drafts: readonly Draft[], report: Report): WirePlan[] {
  const byName = new Map(drafts.map((draft) => [draft.name, draft]));
  const wires: WirePlan[] = [];
  for (const draft of drafts) {
    const wire = checkWire(draft, drafts, byName, report);
    if (wire) wires.push(wire);
  }
  checkFed(drafts, wires, report);
  checkCycles(drafts, wires, report);
  return wires;
}

function checkWire(
  draft: Draft,
  drafts: readonly Draft[],
  byName: ReadonlyMap<string, Draft>,
  report: Report,
): WirePlan | null {
  const { name, kind, to } = draft;
  const path = ['actors', name, 'to'];
  const takers = (type: string) =>
    drafts.filter((other) => other.kind?.accepts === type && !other.leftOut).map((other) => other.name);

  if (!to) {
    if (kind?.emits && !kind.emitsOptional && !draft.toBroken) {
      const names = takers(kind.emits);
      const hint = names.length > 0 ? `known: ${names.join(', ')}` : `no actor here accepts ${kind.emits}`;
      report(draft.node.offset, path, `is missing; ${a(kind.name)} emits ${kind.emits}`, hint);
    }
    return null;
  }
  if (kind && kind.emits === null) {
    report(to.keyOffset, path, `${a(kind.name)} emits nothing`, 'leave `to` out');
    return null;
  }
  const target = byName.get(to.name);
  if (!target) {
    const names = kind?.emits ? takers(kind.emits) : [...byName.keys()];
    report(
      to.offset,
      path,
      `no actor is named ${quote(to.name)}`,
      suggest(to.name, names.length ? names : [...byName.keys()]),
    );
    return null;
  }
  if (kind && target.kind && kind.emits !== target.kind.accepts) {
    const names = takers(kind.emits!);
    const hint = names.length > 0 ? `${kind.emits} can go to ${quoteList(names)}` : '';
    report(
      to.offset,
      path,
      `${a(kind.name)} emits ${kind.emits}, but ${quote(to.name)} ${acceptsWhat(target.kind)}`,
      hint,
    );
    return null;
  }
  if (draft.leftOut) return null;
  if (target.leftOut) {
    const origin = originOf(target.leftOut);
    report(to.offset, path, `${quote(to.name)} is left out, because its \`unless\` is not empty`, origin);
    return null;
  }
  return kind?.emits && target.kind ? { from: name, to: target.name, type: kind.emits } : null;
}

function a(kindName: string): string {
  return `${/^[aeio]/.test(kindName) ? 'an' : 'a'} ${kindName}`;
}

function acceptsWhat(kind: ActorKind): string {
  return kind.accepts === null ? 'accepts nothing' : `accepts ${kind.accepts}`;
}

/** Who accepts something must be fed, unless the one that should feed it is itself in trouble. */
function checkFed(drafts: readonly Draft[], wires: readonly WirePlan[], report: Report): void {
  const wireFrom = new Map(wires.map((wire) => [wire.from, wire]));
  for (const { name, kind, leftOut, node } of drafts) {
    if (!kind?.accepts || kind.acceptsOptional || leftOut) continue;
    const fed = drafts.some((other) => {
      if (other.leftOut || other.name === name) return false;
      const wire = wireFrom.get(other.name);
      if (wire) return wire.to === name;
      // Its `to:` is missing or wrong, or its kind is not known: that was reported, and this would only follow from it.
      if (!other.kind) return other.to === null || other.to.name === name;
      return (
        other.kind.emits === kind.accepts &&
        (other.to !== null || other.toBroken || !other.kind.emitsOptional)
      );
    });
    if (!fed) {
      const feeders = drafts.filter((other) => other.kind?.emits === kind.accepts && other.leftOut);
      const hint =
        feeders.length > 0
          ? `${quoteList(
              feeders.map((feeder) => feeder.name),
              'and',
            )} left out by \`unless\``
          : `expected an actor that emits ${kind.accepts}, with \`to: ${name}\``;
      report(node.offset, ['actors', name], `nothing feeds it ${kind.accepts}`, hint);
    }
  }
}

/** A loop is legal when messages come back along it, and only then: anything else would feed itself for ever. */
function checkCycles(drafts: readonly Draft[], wires: readonly WirePlan[], report: Report): void {
  const next = new Map(wires.map((wire) => [wire.from, wire]));
  const done = new Set<string>();
  for (const start of next.keys()) {
    const trail: WirePlan[] = [];
    const onTrail = new Set<string>();
    let name = start;
    for (let wire = next.get(name); wire && !done.has(name) && !onTrail.has(name); wire = next.get(name)) {
      trail.push(wire);
      onTrail.add(name);
      name = wire.to;
    }
    if (onTrail.has(name)) {
      const cycle = trail.slice(trail.findIndex((wire) => wire.from === name));
      const back = cycle.filter((wire) => wire.type === 'messages').length;
      if (back === 0 || back === cycle.length) {
        const from = drafts.find((draft) => draft.name === cycle.at(-1)!.from);
        const names = [...cycle.map((wire) => wire.from), name];
        report(from?.to?.offset ?? 0, ['actors', from?.name ?? name, 'to'], `a loop: ${names.join(' -> ')}`);
      }
    }
    for (const one of onTrail) done.add(one);
  }
}

/** Names along the wires, sources first; wires that carry messages do not count. Else as in the file. */
export function inFlowOrder(names: readonly string[], wires: readonly WirePlan[]): string[] {
  const forward = wires.filter((wire) => wire.type !== 'messages');
  const waitingFor = new Map(names.map((name) => [name, forward.filter((wire) => wire.to === name).length]));
  const ordered: string[] = [];
  const left = new Set(names);
  while (left.size > 0) {
    // Without legal wiring nobody may be free; the order is then of no use, but must still come to an end.
    const free = [...left].find((name) => waitingFor.get(name) === 0) ?? [...left][0]!;
    left.delete(free);
    ordered.push(free);
    for (const wire of forward) {
      if (wire.from === free) waitingFor.set(wire.to, (waitingFor.get(wire.to) ?? 1) - 1);
    }
  }
  return ordered;
}
