import type { Role } from '../../auth/caller.ts'

interface Shown {
  readonly description: string
  readonly ui_label: string
}

/** `GET /user/available_roles`. */
export const AVAILABLE_ROLES: Readonly<Record<Role, Shown>> = {
  proxy_admin: { description: 'may do everything', ui_label: 'Admin (All Permissions)' },
  proxy_admin_viewer: {
    description: 'sees all keys, teams, users and what they spent',
    ui_label: 'Admin (View Only)',
  },
  internal_user: {
    description: 'sees, makes and deletes keys of their own, and sees what these spent',
    ui_label: 'Internal User (Create/Delete/View)',
  },
  internal_user_viewer: {
    description: 'sees keys of their own, and what these spent',
    ui_label: 'Internal User (View Only)',
  },
}
