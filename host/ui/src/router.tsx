/** Every address of the interface at a glance. Filters live in the search, so that a link says what is shown. */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { meQuery } from './api/queries';
import { session } from './api/session';
import { NotFound, Shell } from './shell/Shell';
import { asRight, type Right } from './templates/rights';

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
/** A word that looks like a number is read as one by the router. */
const word = (value: unknown) => (typeof value === 'number' ? String(value) : text(value));
const count = (value: unknown) => (Number.isInteger(Number(value)) && Number(value) > 1 ? Number(value) : undefined);

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./shell/SignIn'), 'SignIn'),
  validateSearch: (search: Record<string, unknown>): { to?: string } => ({ to: text(search.to) }),
});

const setUp = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyRouteComponent(() => import('./shell/SetUp'), 'SetUp'),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./shell/Invitation'), 'Invitation'),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  component: Shell,
  beforeLoad: ({ location, context }) => {
    if (!session.isSignedIn()) throw redirect({ to: '/sign-in', search: { to: location.href } });
    // Asked early: every page shows only what this person may do.
    void context.queries.prefetchQuery(meQuery());
  },
});

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/OverviewPage'), 'OverviewPage'),
});

export interface JobsSearch {
  search?: string;
  template_type?: string;
  status?: string;
  tag?: string;
  sort?: string;
  page?: number;
}

const jobs = createRoute({
  getParentRoute: () => shell,
  path: '/jobs',
  component: lazyRouteComponent(() => import('./jobs/JobsPage'), 'JobsPage'),
  validateSearch: (search: Record<string, unknown>): JobsSearch => ({
    search: word(search.search),
    template_type: text(search.template_type),
    status: text(search.status),
    tag: word(search.tag),
    sort: text(search.sort),
    page: count(search.page),
  }),
});

export interface WizardSearch {
  step?: string;
  template?: string;
  from?: string;
}

const wizardSearch = (search: Record<string, unknown>): WizardSearch => ({
  step: text(search.step),
  template: text(search.template),
  from: word(search.from),
});

const newJob = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/new',
  component: lazyRouteComponent(() => import('./jobs/editor/NewJobPage'), 'NewJobPage'),
  validateSearch: wizardSearch,
});

export interface JobSearch {
  tab?: string;
  /** Of the timeline. */
  span?: string;
  day?: string;
  as?: string;
}

const job = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$id',
  component: lazyRouteComponent(() => import('./jobs/JobPage'), 'JobPage'),
  validateSearch: (search: Record<string, unknown>): JobSearch => ({
    tab: text(search.tab),
    span: text(search.span),
    day: text(search.day),
    as: text(search.as),
  }),
});

const editJob = createRoute({
  getParentRoute: () => shell,
  path: '/jobs/$id/edit',
  component: lazyRouteComponent(() => import('./jobs/editor/EditJobPage'), 'EditJobPage'),
  validateSearch: wizardSearch,
});

export interface ExecutionsSearch {
  status?: string;
  template_type?: string;
  trigger?: string;
  search?: string;
  job_id?: string;
  cursor?: string;
}

const executions = createRoute({
  getParentRoute: () => shell,
  path: '/executions',
  component: lazyRouteComponent(() => import('./executions/ExecutionsPage'), 'ExecutionsPage'),
  validateSearch: (search: Record<string, unknown>): ExecutionsSearch => ({
    status: text(search.status),
    template_type: text(search.template_type),
    trigger: text(search.trigger),
    search: word(search.search),
    job_id: word(search.job_id),
    cursor: word(search.cursor),
  }),
});

const execution = createRoute({
  getParentRoute: () => shell,
  path: '/executions/$id',
  component: lazyRouteComponent(() => import('./executions/ExecutionPage'), 'ExecutionPage'),
});

export interface TimelineSearch {
  span?: string;
  day?: string;
  as?: string;
  search?: string;
  template_type?: string;
  page?: number;
}

const timeline = createRoute({
  getParentRoute: () => shell,
  path: '/timeline',
  component: lazyRouteComponent(() => import('./timeline/TimelinePage'), 'TimelinePage'),
  validateSearch: (search: Record<string, unknown>): TimelineSearch => ({
    span: text(search.span),
    day: text(search.day),
    as: text(search.as),
    search: word(search.search),
    template_type: text(search.template_type),
    page: count(search.page),
  }),
});

const templates = createRoute({
  getParentRoute: () => shell,
  path: '/templates',
  component: lazyRouteComponent(() => import('./templates/TemplatesPage'), 'TemplatesPage'),
});

const template = createRoute({
  getParentRoute: () => shell,
  path: '/templates/$type',
  component: lazyRouteComponent(() => import('./templates/TemplatePage'), 'TemplatePage'),
});

export interface GrantSearch {
  /** The version that it belongs to; the one in force without. */
  digest?: string;
  /** A right that somebody came to give. */
  add?: Right;
}

const grant = createRoute({
  getParentRoute: () => shell,
  path: '/templates/$type/grant',
  component: lazyRouteComponent(() => import('./grants/GrantPage'), 'GrantPage'),
  validateSearch: (search: Record<string, unknown>): GrantSearch => ({
    digest: word(search.digest),
    add: asRight(search.add),
  }),
});

export interface CapabilitiesSearch {
  template?: string;
  capability?: string;
  /** Only where something was denied or lies idle. */
  odd?: true;
}

const capabilities = createRoute({
  getParentRoute: () => shell,
  path: '/capabilities',
  component: lazyRouteComponent(() => import('./capabilities/CapabilitiesPage'), 'CapabilitiesPage'),
  validateSearch: (search: Record<string, unknown>): CapabilitiesSearch => ({
    template: text(search.template),
    capability: text(search.capability),
    odd: search.odd === true || search.odd === 'true' ? true : undefined,
  }),
});

export interface AuditSearch {
  kind?: string;
  actor?: string;
  action?: string;
  capability?: string;
  operation?: string;
  target?: string;
  subject?: string;
  template_digest?: string;
  refused?: string;
  job_id?: string;
  cursor?: string;
}

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: lazyRouteComponent(() => import('./audit/AuditPage'), 'AuditPage'),
  validateSearch: (search: Record<string, unknown>): AuditSearch => ({
    kind: text(search.kind),
    actor: word(search.actor),
    action: text(search.action),
    capability: text(search.capability),
    operation: text(search.operation),
    target: word(search.target),
    subject: word(search.subject),
    template_digest: word(search.template_digest),
    refused: text(search.refused),
    job_id: word(search.job_id),
    cursor: word(search.cursor),
  }),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./settings/SettingsPage'), 'SettingsPage'),
});

const account = createRoute({
  getParentRoute: () => shell,
  path: '/settings/account',
  component: lazyRouteComponent(() => import('./access/AccountPage'), 'AccountPage'),
});

const tokens = createRoute({
  getParentRoute: () => shell,
  path: '/settings/tokens',
  component: lazyRouteComponent(() => import('./access/TokensPage'), 'TokensPage'),
  validateSearch: (search: Record<string, unknown>): { of?: string } => ({ of: text(search.of) }),
});

const newToken = createRoute({
  getParentRoute: () => shell,
  path: '/settings/tokens/new',
  component: lazyRouteComponent(() => import('./access/NewTokenPage'), 'NewTokenPage'),
});

const users = createRoute({
  getParentRoute: () => shell,
  path: '/settings/users',
  component: lazyRouteComponent(() => import('./access/UsersPage'), 'UsersPage'),
  validateSearch: (search: Record<string, unknown>): { page?: number } => ({ page: count(search.page) }),
});

const newUser = createRoute({
  getParentRoute: () => shell,
  path: '/settings/users/new',
  component: lazyRouteComponent(() => import('./access/NewUserPage'), 'NewUserPage'),
});

const user = createRoute({
  getParentRoute: () => shell,
  path: '/settings/users/$name',
  component: lazyRouteComponent(() => import('./access/UserPage'), 'UserPage'),
});

const reference = createRoute({
  getParentRoute: () => shell,
  path: '/reference',
  component: lazyRouteComponent(() => import('./settings/ReferencePage'), 'ReferencePage'),
});

const tree = root.addChildren([
  signIn,
  setUp,
  invitation,
  shell.addChildren([
    overview,
    jobs,
    newJob,
    job,
    editJob,
    executions,
    execution,
    timeline,
    templates,
    template,
    grant,
    capabilities,
    audit,
    settings,
    account,
    tokens,
    newToken,
    users,
    newUser,
    user,
    reference,
  ]),
]);

export function makeRouter(queries: QueryClient) {
  return createRouter({ routeTree: tree, context: { queries }, defaultPreload: 'intent', scrollRestoration: true });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>;
  }
}
