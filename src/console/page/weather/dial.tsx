/** The face of a barometer: where the hand stands now, and where it stood before. */

interface DialProps {
  readonly value: number;
  /** Where it stood three hours ago, or as long as is known; `null` when nothing is. */
  readonly before: number | null;
  readonly isStale: boolean;
}

const sweepDegrees = 250;
const spanHPa = 100;
const [centre, radius] = [110, 96];

/** Values of the sea are on the face of a household barometer; of a mountain, on one around what is measured. */
export function faceFor(value: number): { readonly least: number; readonly most: number } {
  if (value >= 955 && value <= 1_052) return { least: 955, most: 955 + spanHPa };
  const least = Math.round((value - spanHPa / 2) / 10) * 10;
  return { least, most: least + spanHPa };
}

export function Dial({ value, before, isStale }: DialProps) {
  const { least, most } = faceFor(value);
  const turn = (at: number) => {
    const share = Math.max(0, Math.min(1, (at - least) / (most - least)));
    return -sweepDegrees / 2 + share * sweepDegrees;
  };
  const first = Math.ceil(least / 2) * 2;
  const ticks = Array.from({ length: Math.floor((most - first) / 2) + 1 }, (_, i) => first + 2 * i);
  return (
    <svg class={`dial ${isStale ? 'is-stale' : ''}`} viewBox="0 0 220 190" aria-hidden="true">
      <path class="dial-rim" d={arc(radius + 6)} />
      {ticks.map((at) => {
        const isLong = at % 10 === 0;
        const [from, to] = [point(turn(at), radius), point(turn(at), radius - (isLong ? 11 : 6))];
        return <path key={at} class={isLong ? 'dial-tick long' : 'dial-tick'} d={`M${from}L${to}`} />;
      })}
      {ticks
        .filter((at) => at % 20 === 0)
        .map((at) => {
          const [x, y] = point(turn(at), radius - 27).split(' ');
          return (
            <text key={at} class="dial-number" x={x} y={y}>
              {at}
            </text>
          );
        })}
      {before !== null && (
        <path class="dial-before" d={`M${point(turn(before), 52)}L${point(turn(before), radius - 4)}`} />
      )}
      <path
        class="dial-hand"
        d="M108 110L109.3 24L110.7 24L112 110Z"
        transform={`rotate(${turn(value)} 110 110)`}
      />
      <circle class="dial-pin" cx={centre} cy={centre} r="6" />
    </svg>
  );
}

function point(degrees: number, away: number): string {
  const angle = (degrees * Math.PI) / 180;
  return `${(centre + away * Math.sin(angle)).toFixed(2)} ${(centre - away * Math.cos(angle)).toFixed(2)}`;
}

function arc(away: number): string {
  return `M${point(-sweepDegrees / 2, away)}A${away} ${away} 0 1 1 ${point(sweepDegrees / 2, away)}`;
}
