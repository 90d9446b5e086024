-- One row per posting and validity: which ledger account a kind of amount goes to. Rows of the
-- operator's ratebook/account_codes.csv hold from day to day; where it says nothing, the numbers
-- listed here do, those of the French general chart (PCG).
with defaults as (

    select
        posting,
        account_code,
        name
    from (
        values
        -- balance sheet
        ('previous_results', '110000', 'Report à nouveau'),
        ('receivable', '411000', 'Clients'),
        ('customer_credit', '419100', 'Clients, avances et acomptes reçus'),
        ('tax_collected', '445710', 'TVA collectée'),
        ('payment_other', '471000', 'Compte d’attente'),
        ('deferred_revenue', '487000', 'Produits constatés d’avance'),
        ('payment_card', '511500', 'Stripe, paiements à encaisser'),
        ('payment_sepa_debit', '511500', 'Stripe, paiements à encaisser'),
        ('payment_transfer', '512000', 'Banque'),
        ('payment_cash', '530000', 'Caisse'),
        -- expense
        ('payment_write_off', '654000', 'Pertes sur créances irrécouvrables'),
        -- revenue, by charge kind
        ('revenue_recurring', '706100', 'Abonnements'),
        ('revenue_usage', '706200', 'Communications'),
        ('revenue_once', '706300', 'Frais et services ponctuels'),
        ('revenue_minimum_top_up', '706400', 'Minimum de facturation'),
        ('revenue_device', '707000', 'Ventes de marchandises'),
        ('revenue_instalment', '707100', 'Ventes échelonnées'),
        ('revenue_discount', '709600', 'Remises accordées'),
        ('revenue_cap_credit', '709610', 'Plafonnement des communications'),
        ('revenue_adjustment', '709620', 'Gestes commerciaux et régularisations'),
        ('revenue_late_fee', '763100', 'Pénalités de retard')
    ) as listed (posting, account_code, name)

),

own as (

    select
        posting,
        account_code,
        name,
        coalesce(valid_from, date '0001-01-01') as valid_from,
        coalesce(valid_to, date '9999-12-31') as valid_to
    from {{ source('raw', 'account_codes') }}

),

-- the days that no row of the operator's covers
gaps as (

    select
        posting,
        valid_to as gap_from,
        coalesce(
            lead(valid_from) over (partition by posting order by valid_from asc nulls last),
            date '9999-12-31'
        ) as gap_to
    from own
    union all
    select
        posting,
        date '0001-01-01' as gap_from,
        min(valid_from) as gap_to
    from own
    group by posting
    union all
    select
        defaults.posting,
        date '0001-01-01' as gap_from,
        date '9999-12-31' as gap_to
    from defaults
    left join own
        on defaults.posting = own.posting
    where own.posting is null

),

account_codes as (

    select
        posting,
        account_code,
        name,
        valid_from,
        valid_to
    from own
    union all
    select
        defaults.posting,
        defaults.account_code,
        defaults.name,
        gaps.gap_from as valid_from,
        gaps.gap_to as valid_to
    from defaults
    inner join gaps
        on defaults.posting = gaps.posting
    where gaps.gap_from < gaps.gap_to

)

select * from account_codes
