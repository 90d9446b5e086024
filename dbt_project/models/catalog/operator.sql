-- One row: the operator whose folder is billed, and the policies of operator.yaml.
with operator as (

    select * from {{ source('raw', 'operator') }}

)

select * from operator
