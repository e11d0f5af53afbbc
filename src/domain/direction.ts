/** Directions in degrees: 350 and 10 have 0 as their mean, not 180. */

const fullTurn = 360;
const radian = Math.PI / 180;
/** Directions that cancel each other more than this have no mean worth the name. */
const lengthMin = 0.1;

/** Sums unit vectors, so that any number of directions takes no memory. */
export class DirectionMean {
  #north = 0;
  #east = 0;
  #count = 0;

  add(degrees: number): void {
    if (!Number.isFinite(degrees)) return;
    this.#count++;
    this.#north += Math.cos((degrees % fullTurn) * radian);
    this.#east += Math.sin((degrees % fullTurn) * radian);
  }

  /** From 0 up to, not including, 360; `null` when there is nothing or the directions cancel each other. */
  get degrees(): number | null {
    if (this.#count === 0 || Math.hypot(this.#north, this.#east) / this.#count < lengthMin) return null;
    return turned(Math.atan2(this.#east, this.#north) / radian, 0);
  }
}

/** `degrees` turned clockwise by `by`, from 0 up to, not including, 360. */
export function turned(degrees: number, by: number): number {
  const rest = ((((degrees % fullTurn) + by) % fullTurn) + fullTurn) % fullTurn;
  return rest;
}
