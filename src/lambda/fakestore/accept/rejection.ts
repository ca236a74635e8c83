/** Why an event can't be taken, for good. */
export class Rejection extends Error {
  constructor(
    /** Place in the event, e.g. `data.products[1].quantity`; empty for the event as a whole. */
    readonly path: string,
    readonly reason: string,
    /** Whether size alone is what is wrong. */
    readonly tooLarge = false,
  ) {
    super(reason);
    this.name = "Rejection";
  }
}
