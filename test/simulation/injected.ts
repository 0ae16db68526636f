/** A failure that the simulation made; any other is the product's own, and a bug. */
export class Injected extends Error {}
