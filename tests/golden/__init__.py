"""Published cases of other billing systems, converted to operator folders of this one."""
