import { type CSSVariablesResolver, createTheme, defaultVariantColorsResolver } from '@mantine/core';

/** Ten names for one colour: shades are chosen in theme.css, by scheme. */
const accent = 'var(--sg-accent)';
const sand = [accent, accent, accent, accent, accent, accent, accent, accent, accent, accent] as const;

export const theme = createTheme({
  fontFamily: 'var(--sg-font)',
  fontFamilyMonospace: 'var(--sg-mono)',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.375rem', lineHeight: '1.3' } } },
  defaultRadius: 'sm',
  radius: { sm: '6px', md: '8px' },
  colors: { sand },
  primaryColor: 'sand',
  respectReducedMotion: true,
  components: {
    // Notes below, so that inputs of a row stand on one line.
    InputWrapper: { defaultProps: { inputWrapperOrder: ['label', 'input', 'error', 'description'] } },
  },
  variantColorResolver: (input) => {
    const colors = defaultVariantColorsResolver({ ...input, color: 'dark' });
    if (input.color && input.color !== 'sand') {
      // Status colours are passed as variables.
      return {
        ...colors,
        color: input.color,
        background: 'transparent',
        hover: 'var(--sg-hover)',
        border: `1px solid ${input.variant === 'subtle' ? 'transparent' : 'var(--sg-line-strong)'}`,
      };
    }
    switch (input.variant) {
      case 'filled':
        return {
          background: 'var(--sg-accent)',
          hover: 'var(--sg-accent-hover)',
          color: 'var(--sg-accent-contrast)',
          border: '1px solid transparent',
        };
      case 'light':
        return {
          background: 'var(--sg-accent-soft)',
          hover: 'var(--sg-accent-soft)',
          color: 'var(--sg-accent-text)',
          border: '1px solid transparent',
        };
      case 'subtle':
        return {
          background: 'transparent',
          hover: 'var(--sg-hover)',
          color: 'var(--sg-text)',
          border: '1px solid transparent',
        };
      default:
        return colors;
    }
  },
});

const shared = {
  '--mantine-color-body': 'var(--sg-ground)',
  '--mantine-color-text': 'var(--sg-text)',
  '--mantine-color-bright': 'var(--sg-text)',
  '--mantine-color-dimmed': 'var(--sg-text-soft)',
  '--mantine-color-placeholder': 'var(--sg-text-soft)',
  '--mantine-color-anchor': 'var(--sg-accent-text)',
  '--mantine-color-error': 'var(--sg-failed)',
  '--mantine-color-default': 'var(--sg-surface)',
  '--mantine-color-default-hover': 'var(--sg-hover)',
  '--mantine-color-default-color': 'var(--sg-text)',
  '--mantine-color-default-border': 'var(--sg-line-strong)',
  '--mantine-color-disabled': 'var(--sg-hover)',
  '--mantine-color-disabled-color': 'var(--sg-text-soft)',
  '--mantine-color-disabled-border': 'var(--sg-line)',
  '--mantine-primary-color-filled': 'var(--sg-accent)',
  '--mantine-primary-color-filled-hover': 'var(--sg-accent-hover)',
  '--mantine-primary-color-contrast': 'var(--sg-accent-contrast)',
  '--mantine-primary-color-light': 'var(--sg-accent-soft)',
  '--mantine-primary-color-light-hover': 'var(--sg-accent-soft)',
  '--mantine-primary-color-light-color': 'var(--sg-accent-text)',
};

/** Edges of inputs, which Mantine takes from its greys. */
const light = { '--mantine-color-gray-4': 'var(--sg-line-strong)' };

/** Mantine's dark greys are no slate. */
const dark = {
  '--mantine-color-dark-0': 'var(--sg-text)',
  '--mantine-color-dark-3': 'var(--sg-text-soft)',
  '--mantine-color-dark-4': 'var(--sg-line-strong)',
  '--mantine-color-dark-5': 'var(--sg-hover)',
  '--mantine-color-dark-6': 'var(--sg-raised)',
  '--mantine-color-dark-7': 'var(--sg-surface)',
  '--mantine-color-dark-8': 'var(--sg-ground)',
};

/** Mantine's own variables, in terms of ours. */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { ...shared, ...light },
  dark: { ...shared, ...dark },
});
