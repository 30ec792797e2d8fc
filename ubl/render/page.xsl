<?xml version="1.0" encoding="UTF-8"?>
<!-- A UBL invoice or credit note as one page. Every value goes through a function of r: (function.c), which formats it
     for the language and remembers that it was shown; what nobody showed is listed at the end. r:label: labels.xml. -->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:r="urn:aviso:render"
    xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
    xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2" exclude-result-prefixes="r cac cbc">
<xsl:output method="html" encoding="UTF-8" doctype-system="about:legacy-compat" indent="no"/>

<xsl:variable name="credit" select="local-name(/*) = 'CreditNote'"/>
<xsl:variable name="currency" select="string(/*/cbc:DocumentCurrencyCode)"/>
<xsl:variable name="type" select="/*/cbc:InvoiceTypeCode | /*/cbc:CreditNoteTypeCode"/>
<xsl:variable name="lines" select="/*/cac:InvoiceLine | /*/cac:CreditNoteLine"/>
<xsl:variable name="seller" select="/*/cac:AccountingSupplierParty/cac:Party"/>

<!-- ==== values ==== -->
<xsl:template match="*" mode="v"><bdi><xsl:value-of select="r:show(.)"/></bdi></xsl:template>
<xsl:template match="*[@schemeID]" mode="v">
  <bdi><xsl:value-of select="r:show(.)"/></bdi>
  <span class="scheme"> (<bdi><xsl:value-of select="@schemeID"/></bdi>)</span>
</xsl:template>
<xsl:template match="cbc:*[contains(local-name(), 'Date')]" mode="v">
  <time><bdi><xsl:value-of select="r:date(.)"/></bdi></time>
</xsl:template>
<xsl:template match="cbc:Percent | cbc:MultiplierFactorNumeric" mode="v">
  <span class="n"><bdi><xsl:value-of select="r:number(.)"/></bdi>&#160;%</span>
</xsl:template>
<xsl:template match="*[@currencyID]" mode="v" name="amount">
  <xsl:param name="always" select="false()"/>
  <span class="n"><bdi><xsl:value-of select="r:number(.)"/></bdi>
    <xsl:if test="$always or @currencyID != $currency">&#160;<bdi><xsl:value-of select="@currencyID"/></bdi></xsl:if>
  </span>
</xsl:template>
<xsl:template match="*[@unitCode]" mode="v">
  <span class="n"><bdi><xsl:value-of select="r:number(.)"/></bdi></span>
  <xsl:text> </xsl:text><span class="unit"><bdi><xsl:value-of select="r:name('unit', @unitCode)"/></bdi></span>
</xsl:template>
<xsl:template match="cac:Country/cbc:IdentificationCode | cac:OriginCountry/cbc:IdentificationCode" mode="v">
  <bdi><xsl:value-of select="r:code('country', .)"/></bdi>
</xsl:template>
<xsl:template match="cbc:PaymentMeansCode" mode="v">
  <bdi><xsl:value-of select="r:code('means', .)"/></bdi>
  <xsl:if test="r:name('means', .) != string(.)"><span class="scheme"> (<bdi><xsl:value-of select="."/></bdi>)</span></xsl:if>
  <xsl:if test="@name"><xsl:text>, </xsl:text><bdi><xsl:value-of select="@name"/></bdi></xsl:if>
</xsl:template>
<xsl:template match="cac:InvoicePeriod/cbc:DescriptionCode" mode="v">
  <bdi><xsl:value-of select="r:code('period', .)"/></bdi>
</xsl:template>
<xsl:template match="cbc:AllowanceChargeReasonCode" mode="v">
  <bdi><xsl:value-of select="r:code('reason', .)"/></bdi>
</xsl:template>
<xsl:template match="cbc:ItemClassificationCode" mode="v">
  <bdi><xsl:value-of select="r:show(.)"/></bdi>
  <span class="scheme"> (<bdi><xsl:value-of select="@listID"/></bdi><xsl:if test="@listVersionID"><xsl:text> </xsl:text><bdi>
    <xsl:value-of select="@listVersionID"/></bdi></xsl:if>)</span>
</xsl:template>
<xsl:template match="cbc:Note | cbc:Description" mode="v"><bdi class="text"><xsl:value-of select="r:show(.)"/></bdi></xsl:template>

<!-- A name and its value; the name is the element's own unless given. Nothing for an empty element. -->
<xsl:template match="*" mode="p">
  <xsl:param name="l" select="local-name()"/>
  <xsl:if test="normalize-space(.) != ''">
    <div class="p"><dt><xsl:value-of select="r:label($l)"/></dt><dd><xsl:apply-templates select="." mode="v"/></dd></div>
  </xsl:if>
</xsl:template>
<xsl:template match="cac:InvoicePeriod" mode="p">
  <div class="p"><dt><xsl:value-of select="r:label('period')"/></dt><dd>
    <xsl:apply-templates select="cbc:StartDate" mode="v"/>
    <xsl:if test="cbc:StartDate or cbc:EndDate"> – </xsl:if>
    <xsl:apply-templates select="cbc:EndDate" mode="v"/>
    <xsl:if test="cbc:DescriptionCode and (cbc:StartDate or cbc:EndDate)">; </xsl:if>
    <xsl:if test="cbc:DescriptionCode"><xsl:value-of select="r:label('vatpoint')"/>: <xsl:apply-templates select="cbc:DescriptionCode" mode="v"/></xsl:if>
  </dd></div>
</xsl:template>
<!-- A reference with what belongs to it behind. -->
<xsl:template match="cac:*" mode="ref">
  <xsl:param name="l" select="local-name()"/>
  <div class="p"><dt><xsl:value-of select="r:label($l)"/></dt><dd>
    <xsl:apply-templates select="cbc:ID" mode="v"/>
    <xsl:for-each select="cbc:IssueDate"><xsl:text>, </xsl:text><xsl:apply-templates select="." mode="v"/></xsl:for-each>
    <xsl:for-each select="cbc:SalesOrderID"><xsl:text>; </xsl:text><xsl:value-of select="r:label('salesorder')"/><xsl:text> </xsl:text>
      <xsl:apply-templates select="." mode="v"/></xsl:for-each>
    <xsl:for-each select="cbc:DocumentTypeCode"><span class="scheme"> [<bdi><xsl:value-of select="r:show(.)"/></bdi>]</span></xsl:for-each>
    <xsl:for-each select="cbc:DocumentDescription"><xsl:text>: </xsl:text><xsl:apply-templates select="." mode="v"/></xsl:for-each>
  </dd></div>
</xsl:template>
<!-- "Standard rate (S)", the rate, the scheme when it is not VAT. -->
<xsl:template match="*" mode="category">
  <bdi><xsl:value-of select="r:code('vat', cbc:ID)"/></bdi>
  <xsl:if test="r:name('vat', cbc:ID) != string(cbc:ID)"><span class="scheme"> (<bdi><xsl:value-of select="cbc:ID"/></bdi>)</span></xsl:if>
  <xsl:if test="cac:TaxScheme/cbc:ID[r:show(.) != 'VAT']"><xsl:text> </xsl:text><bdi><xsl:value-of select="cac:TaxScheme/cbc:ID"/></bdi></xsl:if>
</xsl:template>
<!-- The same, short: in a narrow column. -->
<xsl:template match="*" mode="rate">
  <xsl:apply-templates select="cbc:Percent" mode="v"/>
  <xsl:if test="r:show(cbc:ID) != 'S'"><span class="cat"><bdi><xsl:value-of select="r:name('vat', cbc:ID)"/></bdi></span></xsl:if>
  <xsl:if test="cac:TaxScheme/cbc:ID[r:show(.) != 'VAT']"><xsl:text> </xsl:text><bdi><xsl:value-of select="cac:TaxScheme/cbc:ID"/></bdi></xsl:if>
</xsl:template>

<!-- ==== the page ==== -->
<xsl:template name="kind">
  <xsl:choose>
    <xsl:when test="$type and r:name('type', $type) != string($type)"><xsl:value-of select="r:code('type', $type)"/></xsl:when>
    <xsl:when test="$credit"><xsl:value-of select="r:label('CreditNote')"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="r:label('Invoice')"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>

<xsl:template match="/">
  <xsl:variable name="kind"><xsl:call-template name="kind"/></xsl:variable>
  <xsl:variable name="name" select="$seller/cac:PartyName/cbc:Name | $seller[not(cac:PartyName/cbc:Name)]/cac:PartyLegalEntity/cbc:RegistrationName"/>
  <html lang="{r:lang()}">
    <head>
      <meta http-equiv="Content-Security-Policy" content="{r:csp()}"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <meta name="referrer" content="no-referrer"/>
      <meta name="color-scheme" content="light dark"/>
      <title><xsl:value-of select="r:plain(concat($kind, ' ', /*/cbc:ID, ' – ', $name))"/></title>
      <style><xsl:value-of select="r:css()"/></style>
    </head>
    <body>
      <main>
        <header>
          <div class="title">
            <p class="from"><bdi><xsl:value-of select="$name"/></bdi></p>
            <h1><xsl:value-of select="$kind"/><xsl:text> </xsl:text><bdi><xsl:value-of select="r:show(/*/cbc:ID)"/></bdi></h1>
            <xsl:if test="$type and r:name('type', $type) = string($type)">
              <p class="muted"><xsl:value-of select="r:label('typecode')"/>: <bdi><xsl:value-of select="r:show($type)"/></bdi></p>
            </xsl:if>
          </div>
          <xsl:apply-templates select="/*/cac:LegalMonetaryTotal/cbc:PayableAmount[1]" mode="due"/>
        </header>
        <xsl:apply-templates select="/*"/>
      </main>
    </body>
  </html>
</xsl:template>

<xsl:template match="cbc:PayableAmount" mode="due">
  <div class="due">
    <p><xsl:value-of select="r:label(concat('payable', substring('.credit', 1, 7 * number($credit))))"/></p>
    <p class="sum"><xsl:call-template name="amount"><xsl:with-param name="always" select="true()"/></xsl:call-template></p>
    <xsl:for-each select="(/*/cbc:DueDate | /*/cac:PaymentMeans/cbc:PaymentDueDate)[1]">
      <p><xsl:value-of select="r:label('DueDate')"/>: <xsl:apply-templates select="." mode="v"/></p>
    </xsl:for-each>
  </div>
</xsl:template>

<xsl:template match="/*">
  <section class="facts">
    <h2 class="quiet"><xsl:value-of select="r:label('details')"/></h2>
    <dl class="cols">
      <xsl:apply-templates select="cbc:IssueDate | cbc:IssueTime | cbc:TaxPointDate | cbc:DueDate" mode="p"/>
      <xsl:apply-templates select="cac:PaymentMeans/cbc:PaymentDueDate" mode="p"><xsl:with-param name="l" select="'DueDate'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:InvoicePeriod" mode="p"/>
      <xsl:apply-templates select="cbc:BuyerReference" mode="p"/>
      <xsl:apply-templates select="cac:OrderReference | cac:BillingReference/cac:*[cbc:ID] | cac:DespatchDocumentReference | cac:ReceiptDocumentReference |
          cac:OriginatorDocumentReference | cac:ContractDocumentReference | cac:ProjectReference |
          cac:AdditionalDocumentReference[cbc:DocumentTypeCode = '50' or (cbc:DocumentTypeCode = '130' and not(cac:Attachment))]" mode="ref"/>
      <xsl:apply-templates select="cbc:AccountingCost" mode="p"/>
      <xsl:apply-templates select="cbc:DocumentCurrencyCode | cbc:TaxCurrencyCode" mode="p"/>
    </dl>
    <xsl:for-each select="cbc:Note"><p class="note"><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
  </section>
  <section class="parties">
    <xsl:apply-templates select="$seller" mode="party"><xsl:with-param name="l" select="'seller'"/></xsl:apply-templates>
    <xsl:apply-templates select="cac:AccountingCustomerParty/cac:Party" mode="party"><xsl:with-param name="l" select="'buyer'"/></xsl:apply-templates>
    <xsl:apply-templates select="cac:PayeeParty" mode="party"><xsl:with-param name="l" select="'payee'"/></xsl:apply-templates>
    <xsl:apply-templates select="cac:TaxRepresentativeParty" mode="party"><xsl:with-param name="l" select="'taxrep'"/></xsl:apply-templates>
    <xsl:apply-templates select="cac:Delivery" mode="party"/>
  </section>
  <xsl:call-template name="lines"/>
  <xsl:call-template name="allowances"/>
  <div class="sums">
    <xsl:call-template name="vat"/>
    <xsl:apply-templates select="cac:LegalMonetaryTotal"/>
  </div>
  <xsl:call-template name="payment"/>
  <xsl:call-template name="attachments"/>
  <footer>
    <dl class="small"><xsl:apply-templates select="cbc:UBLVersionID | cbc:CustomizationID | cbc:ProfileID | cbc:ProfileExecutionID | cbc:UUID" mode="p"/></dl>
    <xsl:if test="@r:extensions"><p><xsl:value-of select="r:label('extensions')"/></p></xsl:if>
    <xsl:call-template name="further"/>
  </footer>
</xsl:template>

<!-- ==== parties ==== -->
<xsl:template match="*" mode="party">
  <xsl:param name="l"/>
  <article>
    <h2><xsl:value-of select="r:label($l)"/></h2>
    <xsl:for-each select="cac:PartyName/cbc:Name"><p class="name"><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
    <xsl:for-each select="cac:PartyLegalEntity/cbc:RegistrationName">
      <p><xsl:if test="not(../../cac:PartyName)"><xsl:attribute name="class">name</xsl:attribute></xsl:if><xsl:if test="string(.) = string(../../cac:PartyName/cbc:Name)"><xsl:attribute name="hidden">hidden</xsl:attribute></xsl:if>
        <xsl:apply-templates select="." mode="v"/></p>
    </xsl:for-each>
    <xsl:apply-templates select="cac:PostalAddress" mode="address"/>
    <dl>
      <xsl:apply-templates select="cac:PartyIdentification/cbc:ID" mode="p"><xsl:with-param name="l" select="'partyid'"/></xsl:apply-templates>
      <xsl:for-each select="cac:PartyTaxScheme">
        <xsl:variable name="vat" select="r:show(cac:TaxScheme/cbc:ID) = 'VAT'"/>
        <div class="p"><dt><xsl:choose>
          <xsl:when test="$vat"><xsl:value-of select="r:label('vatid')"/></xsl:when>
          <xsl:otherwise><xsl:value-of select="r:label('taxid')"/></xsl:otherwise></xsl:choose></dt>
          <dd><xsl:apply-templates select="cbc:CompanyID" mode="v"/>
            <xsl:if test="not($vat) and cac:TaxScheme/cbc:ID"><span class="scheme"> (<bdi><xsl:value-of select="cac:TaxScheme/cbc:ID"/></bdi>)</span></xsl:if></dd></div>
      </xsl:for-each>
      <xsl:apply-templates select="cac:PartyLegalEntity/cbc:CompanyID" mode="p"/>
      <xsl:apply-templates select="cac:PartyLegalEntity/cbc:CompanyLegalForm" mode="p"/>
      <xsl:apply-templates select="cac:Contact/cbc:Name" mode="p"><xsl:with-param name="l" select="'contact'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:Contact/cbc:Telephone | cac:Contact/cbc:ElectronicMail" mode="p"/>
      <xsl:apply-templates select="cbc:EndpointID" mode="p"/>
    </dl>
  </article>
</xsl:template>

<xsl:template match="*" mode="address">
  <address>
    <xsl:for-each select="cbc:Postbox | cbc:Department | cbc:StreetName | cbc:BuildingName | cbc:AdditionalStreetName | cac:AddressLine/cbc:Line"><xsl:apply-templates select="." mode="v"/>
      <xsl:for-each select="self::cbc:StreetName/../cbc:BuildingNumber"><xsl:text> </xsl:text><xsl:apply-templates select="." mode="v"/></xsl:for-each><br/></xsl:for-each>
    <xsl:if test="cbc:PostalZone | cbc:CityName">
      <xsl:apply-templates select="cbc:PostalZone" mode="v"/><xsl:text> </xsl:text><xsl:apply-templates select="cbc:CityName" mode="v"/><br/>
    </xsl:if>
    <xsl:for-each select="cbc:CountrySubentity"><xsl:apply-templates select="." mode="v"/><br/></xsl:for-each>
    <xsl:apply-templates select="cac:Country/cbc:IdentificationCode" mode="v"/>
  </address>
</xsl:template>

<xsl:template match="cac:Delivery" mode="party">
  <article>
    <h2><xsl:value-of select="r:label('delivery')"/></h2>
    <xsl:for-each select="cac:DeliveryParty/cac:PartyName/cbc:Name"><p class="name"><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
    <xsl:apply-templates select="cac:DeliveryLocation/cac:Address" mode="address"/>
    <dl>
      <xsl:apply-templates select="cbc:ActualDeliveryDate" mode="p"/>
      <xsl:apply-templates select="cac:DeliveryLocation/cbc:ID" mode="p"><xsl:with-param name="l" select="'location'"/></xsl:apply-templates>
    </dl>
  </article>
</xsl:template>

<!-- ==== lines ==== -->
<xsl:template name="lines">
  <section>
    <h2><xsl:value-of select="r:label('lines')"/></h2>
    <table class="lines" role="table">
      <thead role="rowgroup"><tr role="row">
        <th scope="col" role="columnheader" class="no"><xsl:value-of select="r:label('no')"/></th>
        <th scope="col" role="columnheader"><xsl:value-of select="r:label('item')"/></th>
        <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('quantity')"/></th>
        <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('price')"/></th>
        <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('vat')"/></th>
        <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('amount')"/>
          <xsl:text> </xsl:text><bdi><xsl:value-of select="$currency"/></bdi></th>
      </tr></thead>
      <tbody role="rowgroup"><xsl:apply-templates select="$lines"/></tbody>
    </table>
  </section>
</xsl:template>

<xsl:template match="cac:InvoiceLine | cac:CreditNoteLine">
  <tr role="row">
    <td role="cell" class="no" data-l="{r:label('no')}"><div><xsl:apply-templates select="cbc:ID" mode="v"/></div></td>
    <td role="rowheader" class="item">
      <xsl:apply-templates select="cac:Item"/>
      <xsl:for-each select="cbc:Note"><p><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
      <xsl:variable name="more" select="cac:InvoicePeriod | cac:OrderLineReference | cac:DespatchLineReference | cac:DocumentReference | cbc:AccountingCost |
          cac:AllowanceCharge | cac:TaxTotal |
          cac:Price/cac:AllowanceCharge"/>
      <xsl:if test="$more">
        <dl class="small">
          <xsl:apply-templates select="cac:InvoicePeriod" mode="p"/>
          <xsl:apply-templates select="cac:OrderLineReference/cac:OrderReference" mode="ref"/>
          <xsl:apply-templates select="cac:OrderLineReference/cbc:LineID" mode="p"/>
          <xsl:apply-templates select="cac:DespatchLineReference/cac:DocumentReference" mode="ref"><xsl:with-param name="l" select="'DespatchDocumentReference'"/></xsl:apply-templates>
          <xsl:apply-templates select="cac:DespatchLineReference/cbc:LineID" mode="p"><xsl:with-param name="l" select="'DespatchLineReference'"/></xsl:apply-templates>
          <xsl:apply-templates select="cac:TaxTotal/cac:TaxSubtotal/cbc:TaxableAmount" mode="p"><xsl:with-param name="l" select="'taxable'"/></xsl:apply-templates>
          <xsl:apply-templates select="cac:TaxTotal/cac:TaxSubtotal/cbc:TaxAmount[r:show(.) != string(../../cbc:TaxAmount)] | cac:TaxTotal/cbc:TaxAmount" mode="p"/>
          <xsl:apply-templates select="cac:DocumentReference" mode="ref"><xsl:with-param name="l" select="'object'"/></xsl:apply-templates>
          <xsl:apply-templates select="cbc:AccountingCost" mode="p"/>
          <xsl:apply-templates select="cac:AllowanceCharge | cac:Price/cac:AllowanceCharge" mode="p"/>
        </dl>
      </xsl:if>
    </td>
    <td role="cell" class="num" data-l="{r:label('quantity')}"><div><xsl:apply-templates select="cbc:InvoicedQuantity | cbc:CreditedQuantity" mode="v"/></div></td>
    <td role="cell" class="num" data-l="{r:label('price')}"><div><xsl:apply-templates select="cac:Price/cbc:PriceAmount" mode="v"/>
      <xsl:for-each select="cac:Price/cbc:BaseQuantity"><span class="per"> / <xsl:apply-templates select="." mode="v"/></span></xsl:for-each></div></td>
    <td role="cell" class="num" data-l="{r:label('vat')}"><div><xsl:apply-templates select="cac:Item/cac:ClassifiedTaxCategory | cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory" mode="rate"/></div></td>
    <td role="cell" class="num sum" data-l="{r:label('amount')}"><div><xsl:apply-templates select="cbc:LineExtensionAmount" mode="v"/></div></td>
  </tr>
</xsl:template>

<xsl:template match="cac:Item">
  <p class="name"><xsl:apply-templates select="cbc:Name" mode="v"/></p>
  <xsl:for-each select="cbc:Description"><p><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
  <xsl:if test="cac:SellersItemIdentification | cac:BuyersItemIdentification | cac:StandardItemIdentification | cac:OriginCountry | cac:CommodityClassification |
      cac:AdditionalItemProperty">
    <dl class="small">
      <xsl:apply-templates select="cac:SellersItemIdentification/cbc:ID" mode="p"><xsl:with-param name="l" select="'selleritem'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:BuyersItemIdentification/cbc:ID" mode="p"><xsl:with-param name="l" select="'buyeritem'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:StandardItemIdentification/cbc:ID" mode="p"><xsl:with-param name="l" select="'standarditem'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:OriginCountry/cbc:IdentificationCode" mode="p"><xsl:with-param name="l" select="'origin'"/></xsl:apply-templates>
      <xsl:apply-templates select="cac:CommodityClassification/cbc:ItemClassificationCode" mode="p"/>
      <xsl:for-each select="cac:AdditionalItemProperty">
        <div class="p"><dt><xsl:apply-templates select="cbc:Name" mode="v"/></dt><dd><xsl:apply-templates select="cbc:Value" mode="v"/></dd></div>
      </xsl:for-each>
    </dl>
  </xsl:if>
</xsl:template>

<!-- ==== allowances and charges ==== -->
<xsl:template name="ac"><!-- which of the two -->
  <xsl:choose>
    <xsl:when test="r:show(cbc:ChargeIndicator) = 'true'"><xsl:value-of select="r:label('charge')"/></xsl:when>
    <xsl:otherwise><xsl:value-of select="r:label('allowance')"/></xsl:otherwise>
  </xsl:choose>
</xsl:template>
<xsl:template name="reason">
  <xsl:apply-templates select="cbc:AllowanceChargeReason" mode="v"/>
  <xsl:for-each select="cbc:AllowanceChargeReasonCode">
    <xsl:choose>
      <xsl:when test="../cbc:AllowanceChargeReason"><span class="scheme"> (<bdi><xsl:value-of select="r:show(.)"/></bdi>)</span></xsl:when>
      <xsl:otherwise><xsl:apply-templates select="." mode="v"/></xsl:otherwise>
    </xsl:choose>
  </xsl:for-each>
</xsl:template>
<xsl:template match="cac:AllowanceCharge" mode="p">
  <div class="p"><dt><xsl:call-template name="ac"/><xsl:if test="parent::cac:Price"> (<xsl:value-of select="r:label('price')"/>)</xsl:if></dt><dd>
    <xsl:call-template name="reason"/>
    <xsl:if test="cbc:AllowanceChargeReason | cbc:AllowanceChargeReasonCode">: </xsl:if>
    <xsl:apply-templates select="cbc:Amount" mode="v"/>
    <xsl:if test="cbc:MultiplierFactorNumeric | cbc:BaseAmount"> (<xsl:apply-templates select="cbc:MultiplierFactorNumeric" mode="v"/>
      <xsl:if test="cbc:BaseAmount"><xsl:if test="cbc:MultiplierFactorNumeric"><xsl:text> </xsl:text></xsl:if><xsl:value-of select="r:label('of')"/><xsl:text> </xsl:text><xsl:apply-templates select="cbc:BaseAmount" mode="v"/></xsl:if>)</xsl:if>
    <xsl:if test="cac:TaxCategory">; <xsl:value-of select="r:label('vat')"/><xsl:text> </xsl:text><xsl:apply-templates select="cac:TaxCategory" mode="rate"/></xsl:if>
  </dd></div>
</xsl:template>

<xsl:template name="allowances">
  <xsl:if test="cac:AllowanceCharge">
    <section>
      <h2><xsl:value-of select="r:label('allowances')"/></h2>
      <table class="flat" role="table">
        <thead role="rowgroup"><tr role="row">
          <th scope="col" role="columnheader"><xsl:value-of select="r:label('kind')"/></th>
          <th scope="col" role="columnheader"><xsl:value-of select="r:label('reason')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('base')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('percent')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('vat')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('amount')"/></th>
        </tr></thead>
        <tbody role="rowgroup">
          <xsl:for-each select="cac:AllowanceCharge">
            <tr role="row">
              <td role="rowheader" data-l="{r:label('kind')}"><div><xsl:call-template name="ac"/></div></td>
              <td role="cell" data-l="{r:label('reason')}"><div><xsl:call-template name="reason"/></div></td>
              <td role="cell" class="num" data-l="{r:label('base')}"><div><xsl:apply-templates select="cbc:BaseAmount" mode="v"/></div></td>
              <td role="cell" class="num" data-l="{r:label('percent')}"><div><xsl:apply-templates select="cbc:MultiplierFactorNumeric" mode="v"/></div></td>
              <td role="cell" class="num" data-l="{r:label('vat')}"><div><xsl:apply-templates select="cac:TaxCategory" mode="rate"/></div></td>
              <td role="cell" class="num sum" data-l="{r:label('amount')}"><div><xsl:apply-templates select="cbc:Amount" mode="v"/></div></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </section>
  </xsl:if>
</xsl:template>

<!-- ==== VAT and totals ==== -->
<xsl:template name="vat">
  <xsl:if test="cac:TaxTotal/cac:TaxSubtotal">
    <section class="vat">
      <h2><xsl:value-of select="r:label('vattable')"/></h2>
      <table class="flat" role="table">
        <thead role="rowgroup"><tr role="row">
          <th scope="col" role="columnheader"><xsl:value-of select="r:label('category')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('rate')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('taxable')"/></th>
          <th scope="col" role="columnheader" class="num"><xsl:value-of select="r:label('vat')"/></th>
        </tr></thead>
        <tbody role="rowgroup">
          <xsl:for-each select="cac:TaxTotal/cac:TaxSubtotal">
            <tr role="row">
              <td role="rowheader" data-l="{r:label('category')}"><div><span><xsl:apply-templates select="cac:TaxCategory" mode="category"/>
                <xsl:for-each select="cac:TaxCategory/cbc:TaxExemptionReason | cac:TaxCategory/cbc:TaxExemptionReasonCode">
                  <span class="why"><xsl:apply-templates select="." mode="v"/></span>
                </xsl:for-each></span></div></td>
              <td role="cell" class="num" data-l="{r:label('rate')}"><div><xsl:apply-templates select="cac:TaxCategory/cbc:Percent" mode="v"/></div></td>
              <td role="cell" class="num" data-l="{r:label('taxable')}"><div><xsl:apply-templates select="cbc:TaxableAmount" mode="v"/></div></td>
              <td role="cell" class="num" data-l="{r:label('vat')}"><div><xsl:apply-templates select="cbc:TaxAmount" mode="v"/></div></td>
            </tr>
          </xsl:for-each>
        </tbody>
      </table>
    </section>
  </xsl:if>
</xsl:template>

<xsl:template match="*" mode="total">
  <xsl:param name="l" select="local-name()"/>
  <tr><th scope="row"><xsl:value-of select="r:label($l)"/></th><td class="num"><xsl:apply-templates select="." mode="v"/></td></tr>
</xsl:template>
<xsl:template match="cac:LegalMonetaryTotal">
  <section class="totals">
    <h2><xsl:value-of select="r:label('totals')"/><xsl:text> </xsl:text><bdi><xsl:value-of select="$currency"/></bdi></h2>
    <table>
      <tbody>
        <xsl:apply-templates select="cbc:LineExtensionAmount" mode="total"/>
        <xsl:apply-templates select="cbc:AllowanceTotalAmount" mode="total"/>
        <xsl:apply-templates select="cbc:ChargeTotalAmount" mode="total"/>
        <xsl:apply-templates select="cbc:TaxExclusiveAmount" mode="total"/>
        <xsl:apply-templates select="/*/cac:TaxTotal/cbc:TaxAmount" mode="total"/>
        <xsl:apply-templates select="cbc:TaxInclusiveAmount" mode="total"/>
        <xsl:apply-templates select="cbc:PrepaidAmount" mode="total"/>
        <xsl:apply-templates select="cbc:PayableRoundingAmount" mode="total"/>
      </tbody>
      <tfoot><xsl:apply-templates select="cbc:PayableAmount" mode="total"/></tfoot>
    </table>
  </section>
</xsl:template>
<xsl:template match="cac:LegalMonetaryTotal/cbc:PayableAmount" mode="total">
  <tr><th scope="row"><xsl:value-of select="r:label(concat('payable', substring('.credit', 1, 7 * number($credit))))"/></th>
    <td class="num"><xsl:call-template name="amount"><xsl:with-param name="always" select="true()"/></xsl:call-template></td></tr>
</xsl:template>

<!-- ==== payment ==== -->
<xsl:template name="payment">
  <xsl:if test="cac:PaymentMeans | cac:PaymentTerms">
    <section class="payment">
      <h2><xsl:value-of select="r:label('payment')"/></h2>
      <xsl:for-each select="cac:PaymentTerms/cbc:Note"><p class="note"><xsl:apply-templates select="." mode="v"/></p></xsl:for-each>
      <xsl:for-each select="cac:PaymentMeans">
        <div class="means">
          <dl>
            <xsl:apply-templates select="cbc:PaymentMeansCode" mode="p"/>
            <xsl:apply-templates select="cac:PayeeFinancialAccount/cbc:ID" mode="p"><xsl:with-param name="l" select="'account'"/></xsl:apply-templates>
            <xsl:apply-templates select="cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cbc:ID" mode="p"><xsl:with-param name="l" select="'bank'"/></xsl:apply-templates>
            <xsl:apply-templates select="cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch/cac:FinancialInstitution/cbc:ID" mode="p"><xsl:with-param name="l" select="'bank'"/></xsl:apply-templates>
            <xsl:apply-templates select="cac:PayeeFinancialAccount/cac:FinancialInstitutionBranch//cbc:Name" mode="p"><xsl:with-param name="l" select="'bankname'"/></xsl:apply-templates>
            <xsl:apply-templates select="cac:PayeeFinancialAccount/cbc:Name" mode="p"><xsl:with-param name="l" select="'accountname'"/></xsl:apply-templates>
            <xsl:apply-templates select="cbc:PaymentID" mode="p"/>
            <xsl:apply-templates select="cac:CardAccount/cbc:PrimaryAccountNumberID" mode="p"/>
            <xsl:apply-templates select="cac:CardAccount/cbc:NetworkID | cac:CardAccount/cbc:HolderName" mode="p"/>
            <xsl:apply-templates select="cac:PaymentMandate/cbc:ID" mode="p"><xsl:with-param name="l" select="'mandate'"/></xsl:apply-templates>
            <xsl:apply-templates select="cac:PaymentMandate/cac:PayerFinancialAccount/cbc:ID" mode="p"><xsl:with-param name="l" select="'debited'"/></xsl:apply-templates>
          </dl>
          <xsl:if test="@r:qr">
            <figure>
              <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {@r:qrsize} {@r:qrsize}" role="img" aria-label="{r:label('qr')}" shape-rendering="crispEdges">
                <path fill="#fff" d="M0 0h{@r:qrsize}v{@r:qrsize}H0z"/><path fill="#000" d="{@r:qr}"/>
              </svg>
              <figcaption><xsl:value-of select="r:label('qr')"/></figcaption>
            </figure>
          </xsl:if>
        </div>
      </xsl:for-each>
    </section>
  </xsl:if>
</xsl:template>

<!-- ==== attachments ==== -->
<xsl:template name="attachments">
  <xsl:variable name="docs" select="cac:AdditionalDocumentReference[not(cbc:DocumentTypeCode = '50') and not(cbc:DocumentTypeCode = '130' and not(cac:Attachment))]"/>
  <xsl:if test="$docs">
    <section>
      <h2><xsl:value-of select="r:label('attachments')"/></h2>
      <ul class="files">
        <xsl:for-each select="$docs">
          <li>
            <span class="name"><xsl:apply-templates select="cbc:ID" mode="v"/></span>
            <xsl:for-each select="cbc:DocumentTypeCode"><span class="scheme"> [<bdi><xsl:value-of select="r:show(.)"/></bdi>]</span></xsl:for-each>
            <xsl:for-each select="cbc:DocumentDescription"><xsl:text> </xsl:text><xsl:apply-templates select="." mode="v"/></xsl:for-each>
            <xsl:for-each select="cac:Attachment/cbc:EmbeddedDocumentBinaryObject">
              <br/><xsl:value-of select="r:label('embedded')"/>: <bdi><xsl:value-of select="@filename"/></bdi>
              <span class="muted"> (<bdi><xsl:value-of select="@mimeCode"/></bdi>, <xsl:value-of select="r:size(.)"/>)</span>
            </xsl:for-each>
            <xsl:for-each select="cac:Attachment/cac:ExternalReference/cbc:URI">
              <br/><xsl:value-of select="r:label('external')"/>: <xsl:apply-templates select="." mode="v"/>
            </xsl:for-each>
          </li>
        </xsl:for-each>
      </ul>
    </section>
  </xsl:if>
</xsl:template>

<!-- ==== what none of the above showed ==== -->
<xsl:template name="further">
  <xsl:variable name="rest" select="descendant::*[not(*)][normalize-space(.) != ''][not(r:shown(.))]"/>
  <xsl:if test="$rest">
    <section class="further">
      <h2><xsl:value-of select="r:label('further')"/></h2>
      <dl>
        <xsl:for-each select="$rest">
          <div class="p"><dt><xsl:for-each select="ancestor-or-self::*[parent::*]">
            <xsl:value-of select="local-name()"/>
            <xsl:if test="self::cac:InvoiceLine | self::cac:CreditNoteLine"><xsl:text> </xsl:text><bdi><xsl:value-of select="cbc:ID"/></bdi></xsl:if>
            <xsl:if test="position() != last()"> / </xsl:if></xsl:for-each></dt>
            <dd><xsl:apply-templates select="." mode="v"/></dd></div>
        </xsl:for-each>
      </dl>
    </section>
  </xsl:if>
</xsl:template>
</xsl:stylesheet>
