/** What any gateway on workerd costs at least: the request goes on, the answer comes back. */
export default {
  fetch: (request, env) => fetch(env.UPSTREAM, request),
}
