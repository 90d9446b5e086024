"""Who bills: operator.yaml and branding/."""

from ingestion.demo.timeline import CYCLE_DAYS, FIRST_PERIOD

OPERATOR_YAML = f"""\
# An invented operator. Written by `billhouse demo`; edit a copy, not this folder.
operator:
  id: demo
  legal_name: Mobilis Démo SAS
  address:
    street: 1 rue de la Paix
    postal_code: "75002"
    city: Paris
    region: null
    country: FR
  registration: RCS Paris 000 000 000
  vat_number: FR12000000000
  currency: EUR
  time_zone: Europe/Paris
  language: fr
  prices_include_tax: false
  numbering: {{country_code: "33", national_prefix: "0", international_prefix: "00"}}
  support:
    email: service.client@example.org
    phone: "+33199000000"
    url: https://www.example.org/assistance
  bank: {{iban: FR7699999000010000000000115, bic: DEMOFRPPXXX}}
billing:
  cycle_days: {list(CYCLE_DAYS)}
  payment_terms_days: 14
  invoice_number: "F{{year}}-{{sequence:08d}}"
  credit_note_number: "A{{year}}-{{sequence:08d}}"
  first_period: {FIRST_PERIOD.isoformat()}
  lookback_periods: 3
  day_count: actual
  late_usage_max_days: 365
  minimum_invoice: 1.00
  suspect: {{times_usual: 5, minimum: 50.00, zero_after: 20.00}}
  late_fee: {{percent: 0, amount: 0, after_days: 30, tax_category: null}}
rating:
  band_crossing: split
  mask_digits: 4
mediation: {{max_voice_hours: 24, max_data_gigabytes: 1000}}
feeds:
  - {{name: core, format: billhouse, path: cdr/core}}
  - {{name: pbx, format: asterisk, path: cdr/pbx, time_zone: Europe/Paris}}
  - {{name: sip, format: freeswitch_json, path: cdr/sip, time_zone: Europe/Paris}}
"""

BRAND_YAML = """\
name: Mobilis Démo
colours: {accent: "#17324d", highlight: "#c4421a"}
payment_url: https://www.example.org/payer/{document_number}
mediator: {name: Médiateur de la démonstration, url: https://www.example.org/mediation}
mentions:
  fr: ["SAS au capital de 1 000 €, opérateur inventé"]
  en: ["SAS with a capital of €1 000, an invented operator"]
  de: ["SAS mit einem Kapital von 1 000 €, ein erfundener Anbieter"]
"""

LOGO_SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="220" height="56" viewBox="0 0 220 56" role="img">
  <title>Mobilis Démo</title>
  <g fill="#17324d">
    <rect x="4" y="34" width="9" height="16" rx="2"/>
    <rect x="17" y="25" width="9" height="25" rx="2"/>
    <rect x="30" y="16" width="9" height="34" rx="2"/>
  </g>
  <rect x="43" y="6" width="9" height="44" rx="2" fill="#e4572e"/>
  <path d="M68 42V20h5.2l6.3 10.4L85.8 20H91v22h-5V28.600l-5.3 8.600h-2.500l-5.2-8.600V42z"
        fill="#17324d"/>
  <g fill="none" stroke="#17324d" stroke-width="4.2">
    <circle cx="104" cy="34" r="6.2"/>
    <path d="M119 18v24M119 34a6.2 6.2 0 1 0 12.4 0a6.2 6.2 0 1 0 -12.4 0"/>
    <path d="M140 27v15M150 18v24M159 27v15"/>
    <path d="M178 30.500c-2-3-9-3-9 .8c0 4.2 9.6 1.8 9.6 6.300c0 4-8 4.2-10.2.6"/>
  </g>
  <g fill="#e4572e">
    <circle cx="140" cy="20.5" r="2.6"/>
    <circle cx="159" cy="20.5" r="2.6"/>
    <circle cx="192" cy="39.5" r="2.8"/>
  </g>
</svg>
"""
