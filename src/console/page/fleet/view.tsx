/** The edges of a cloud. */

export function FleetView() {
  return (
    <section class="fleet" aria-label="Fleet">
      <h1>Fleet</h1>
    </section>
  );
}

/** One edge. */
export function EdgeView({ edge }: { edge: string }) {
  return (
    <section class="fleet" aria-label="Edge">
      <h1>{edge}</h1>
    </section>
  );
}
