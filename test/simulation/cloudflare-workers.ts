/** Stands in for `cloudflare:workers`: what a Durable Object's class is made of. */
export class DurableObject<E> {
  protected readonly ctx: unknown
  protected readonly env: E

  constructor(ctx: unknown, env: E) {
    this.ctx = ctx
    this.env = env
  }
}
